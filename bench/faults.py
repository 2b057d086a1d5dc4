"""What killed processes and a bad line cost a visit in real browsers: time without a decoded frame, or without packets.

First one visit in Chromium, then a second one beside it whose patient has Firefox, everybody behind the project's own
UDP proxy; a time counts for each person, so that one trial gives two or four. Last a phone that goes from Wi-Fi to
mobile and back, in a network namespace. House and browsers on this machine.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.faults_people import Chromium, Person, fox, met, roaming_pair
from bench.join import house_in, percentile
from tests.browser.frames import frames, next_connection, now_ms, wait_for_flow, wait_for_frames_of_connection
from tests.browser.house import House
from tests.faults.address import far_address
from tests.faults.process import BadLine
from tests.faults.roaming import SERVER, Roaming, roaming

CALMS = 4
WEB_KILLS = 10
RELAY_KILLS = 8
REBINDS = 10
BLACKOUTS = 6
ICE_RESTARTS = 10
BLACKOUT_SECONDS = 10.0
LIMIT_SECONDS = 60.0
VOICE = 111  # the relay's payload type for Opus
OPEN = "document.documentElement.dataset.socketState === 'open'"
console = Console(stderr=True, highlight=False)


@dataclass
class Scene:
    """What a trial works on."""

    house: House
    pairs: list[list[Person]]
    line: BadLine | None = None
    networks: Roaming | None = None

    @property
    def people(self) -> list[Person]:
        return [person for pair in self.pairs for person in pair]

    @property
    def proxy(self) -> BadLine:
        assert self.line is not None
        return self.line

    def settle(self) -> None:
        """Everybody sees everybody again; what was logged is forgotten."""
        at = now_ms()
        for person in self.people:
            wait_for_flow(person.tab, at, LIMIT_SECONDS)
        for person in self.people:
            person.tab.evaluate("(window.frameLog.length = 0)")


def relay_kill(scene: Scene) -> list[float]:
    """From SIGKILL of the relay to the first frame of a new connection."""
    numbers = [next_connection(person.tab) for person in scene.people]
    at = now_ms()
    scene.house.kill("relay")
    times = []
    for person, number in zip(scene.people, numbers, strict=True):
        wait_for_frames_of_connection(person.tab, number, LIMIT_SECONDS)
        times.append(frames(person.tab).first_of_connection(number) - at)
    return times


def web_kill(scene: Scene) -> list[float]:
    """The longest time between two packets of a voice arriving, from SIGKILL of the web until all sockets are back."""
    scene.proxy.ask("gaps")
    scene.house.kill("telehealth.serve")
    for person in scene.people:
        person.tab.wait_for(f"!({OPEN})", LIMIT_SECONDS)
    for person in scene.people:
        person.tab.wait_for(OPEN, LIMIT_SECONDS)
    return scene.proxy.longest_gaps_ms(VOICE)


def calm(scene: Scene) -> list[float]:
    """The same with nothing killed, over about the same time: what the machine itself does to packets."""
    scene.proxy.ask("gaps")
    at = now_ms()
    for person in scene.people:
        wait_for_flow(person.tab, at + 2_000, LIMIT_SECONDS)
    return scene.proxy.longest_gaps_ms(VOICE)


def rebind(scene: Scene) -> list[float]:
    """One of each visit gets another address: the longest time without a frame, for both of the visit."""
    at = now_ms()
    for patient, _ in scene.pairs:
        patient.say("rebind")
    for person in scene.people:
        wait_for_flow(person.tab, at + 1_000, LIMIT_SECONDS)
    return [frames(person.tab).longest_gap(at - 100, now_ms()) for person in scene.people]


def blackout(scene: Scene) -> list[float]:
    """Nothing passes for ten seconds: from the link's return to the next frame."""
    scene.proxy.say("blackout on")
    dark = now_ms()
    scene.people[0].tab.wait_for(f"Date.now() >= {dark} + {BLACKOUT_SECONDS} * 1000", LIMIT_SECONDS)
    scene.proxy.say("blackout off")
    at = now_ms()
    for person in scene.people:
        person.tab.wait_for(f"window.frameLog.some((entry) => entry[0] > {at})", LIMIT_SECONDS)
    return [frames(person.tab).first_after(at) - at for person in scene.people]


def ice_restart(scene: Scene) -> list[float]:
    """The phone's network goes and the other one comes: the longest time without a frame, for both people."""
    assert scene.networks is not None
    at = now_ms()
    scene.networks.swap(lambda: scene.people[0].tab.wait_for("!navigator.onLine", LIMIT_SECONDS))
    for person in scene.people:
        wait_for_flow(person.tab, at + 1_000, LIMIT_SECONDS)
    return [frames(person.tab).longest_gap(at - 100, now_ms()) for person in scene.people]


@dataclass(frozen=True)
class Measure:
    """One line of the table."""

    name: str
    words: str
    trial: Callable[[Scene], list[float]]
    trials: int
    at_most: int | None
    stage: str = "two visits"


MEASURES = (
    Measure("relay_kill_to_frame", "relay killed, to the next frame", relay_kill, RELAY_KILLS, 5_000),
    Measure("calm_packet_gap", "nothing killed, gap between packets", calm, CALMS, None, "one visit"),
    Measure("web_kill_packet_gap", "web killed, gap between packets", web_kill, WEB_KILLS, 100, "one visit"),
    Measure("rebind_gap", "another address, time without frames", rebind, REBINDS, 7_000),
    Measure("blackout_10s_recover", "after 10 s of darkness, to the next frame", blackout, BLACKOUTS, 5_000),
    Measure("ice_restart_gap", "Wi-Fi to mobile, time without frames", ice_restart, ICE_RESTARTS, 3_000, "roaming"),
)


def show(times: dict[str, list[float]]) -> None:
    """The table for people."""
    table = Table(title="Faults during visits", title_justify="left")
    for heading in ("", "times", "median", "95 %", "most", "at most"):
        table.add_column(heading, justify="left" if not heading else "right")
    for measure in MEASURES:
        if not (values := times.get(measure.name)):
            continue
        told = [f"{value:.0f} ms" for value in (statistics.median(values), percentile(values, 95), max(values))]
        limit = f"{measure.at_most} ms" if measure.at_most else ""
        table.add_row(measure.words, str(len(values)), *told, limit)
    console.print(table)


class Bench:
    """Runs the chosen measures, stage by stage."""

    def __init__(self, playwright: Any, folder: Path, chosen: list[Measure]) -> None:
        self._playwright = playwright
        self._folder = folder
        self._chosen = chosen
        self.times: dict[str, list[float]] = {}

    def wants(self, *stages: str) -> bool:
        return any(measure.stage in stages for measure in self._chosen)

    def run(self, stage: str, scene: Scene) -> None:
        """All trials of one stage."""
        for measure in self._chosen:
            if measure.stage != stage:
                continue
            times = self.times.setdefault(measure.name, [])
            for _ in track(range(measure.trials), measure.words, console=console):
                scene.settle()
                times += measure.trial(scene)

    def behind_the_proxy(self, house: House, visits: list[Any]) -> None:
        """One visit, then two."""
        far = (far_address(), house.relay_port)
        with contextlib.ExitStack() as stack:
            line = stack.enter_context(BadLine(far, ("127.0.0.1", house.relay_port)))
            chromium = stack.enter_context(contextlib.closing(Chromium(self._playwright, house, self._folder)))
            scene = Scene(house, [met(chromium.tab(), chromium.tab(visits[0]), visits[0], line)], line)
            self.run("one visit", scene)
            if self.wants("two visits"):
                scene.pairs.append(met(stack.enter_context(fox()), chromium.tab(visits[1]), visits[1], line))
                self.run("two visits", scene)

    def on_the_move(self, house: House, visit: Any, networks: Roaming) -> None:
        """A phone with two networks, of which one is on."""
        house.start()
        try:
            with roaming_pair(self._playwright, house, visit, self._folder, networks) as pair:
                self.run("roaming", Scene(house, [pair], networks=networks))
        finally:
            house.stop()


def summary(times: dict[str, list[float]]) -> dict[str, Any]:
    """The numbers for --json."""
    told: dict[str, Any] = {}
    for name, values in times.items():
        told[f"{name}_ms_p50"] = round(statistics.median(values))
        told[f"{name}_ms_p95"] = round(percentile(values, 95))
        told[f"{name}_times"] = len(values)
    return told


def main() -> None:
    """Run the trials and print the table; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench faults", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", action="append", choices=[measure.name for measure in MEASURES])
    options = parser.parse_args()
    chosen = [measure for measure in MEASURES if not options.only or measure.name in options.only]
    times = all_times(chosen)
    show(times)
    if options.json:
        print(json.dumps(summary(times)))


def all_times(chosen: list[Measure]) -> dict[str, list[float]]:
    """Both houses, one after the other, on one database."""
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hc-bench-")))
        networks = stack.enter_context(roaming())
        near = stack.enter_context(house_in(folder, RELAY_BIND="127.0.0.1", RELAY_ANNOUNCE=far_address()))
        away = House(folder, host=SERVER, inside=networks.internet, RELAY_BIND=SERVER, RELAY_ANNOUNCE=SERVER)
        from tests.browser import clinic

        # Before playwright's event loop runs in this thread, where the database may not be used.
        visits = [clinic.new_visit(near.base_url), clinic.new_visit(near.base_url), clinic.new_visit(away.base_url)]
        bench = Bench(stack.enter_context(sync_playwright()), folder, chosen)
        if bench.wants("one visit", "two visits"):
            bench.behind_the_proxy(near, visits[:2])
        near.stop()
        if bench.wants("roaming"):
            bench.on_the_move(away, visits[2], networks)
        return bench.times


if __name__ == "__main__":
    main()
