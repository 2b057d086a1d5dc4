"""What killed processes and a bad line cost a visit in real browsers: time without a decoded frame, or without packets.

Two visits at once (Chromium with Chromium, Chromium with Firefox), everybody behind the project's own UDP proxy. A time
counts for each of the four people, so that one trial gives four. House and browsers on this machine.
"""

import argparse
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

from bench.faults_people import Person, now_ms, two_visits
from bench.join import house_in, percentile
from tests.browser.frames import frames, next_connection, wait_for_flow, wait_for_frames_of_connection
from tests.browser.house import House
from tests.faults.address import far_address
from tests.faults.process import BadLine

RELAY_KILLS = 8
WEB_KILLS = 8
REBINDS = 12
BLACKOUTS = 5
BLACKOUT_SECONDS = 10.0
LIMIT_SECONDS = 30.0
VOICE = 111  # the relay's payload type for Opus
OPEN = "document.documentElement.dataset.socketState === 'open'"
console = Console(stderr=True, highlight=False)


@dataclass
class Scene:
    """What a trial works on."""

    house: House
    line: BadLine
    pairs: list[list[Person]]

    @property
    def people(self) -> list[Person]:
        return [person for pair in self.pairs for person in pair]

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
    scene.line.ask("gaps")
    scene.house.kill("telehealth.serve")
    for person in scene.people:
        person.tab.wait_for(f"!({OPEN})", LIMIT_SECONDS)
    for person in scene.people:
        person.tab.wait_for(OPEN, LIMIT_SECONDS)
    return scene.line.longest_gaps_ms(VOICE)


def calm(scene: Scene) -> list[float]:
    """The same with nothing killed, over about the same time: what the machine itself does to packets."""
    scene.line.ask("gaps")
    at = now_ms()
    for person in scene.people:
        wait_for_flow(person.tab, at + 2_000, LIMIT_SECONDS)
    return scene.line.longest_gaps_ms(VOICE)


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
    scene.line.say("blackout on")
    dark = now_ms()
    scene.people[0].tab.wait_for(f"Date.now() >= {dark} + {BLACKOUT_SECONDS} * 1000", LIMIT_SECONDS)
    scene.line.say("blackout off")
    at = now_ms()
    for person in scene.people:
        person.tab.wait_for(f"window.frameLog.some((entry) => entry[0] > {at})", LIMIT_SECONDS)
    return [frames(person.tab).first_after(at) - at for person in scene.people]


@dataclass(frozen=True)
class Measure:
    """One line of the table."""

    name: str
    words: str
    trial: Callable[[Scene], list[float]]
    trials: int
    at_most: int | None


MEASURES = (
    Measure("relay_kill_to_frame", "relay killed, to the next frame", relay_kill, RELAY_KILLS, 5_000),
    Measure("calm_packet_gap", "nothing killed, gap between packets", calm, WEB_KILLS // 2, None),
    Measure("web_kill_packet_gap", "web killed, gap between packets", web_kill, WEB_KILLS, 100),
    Measure("rebind_gap", "another address, time without frames", rebind, REBINDS, 7_000),
    Measure("blackout_10s_recover", "after 10 s of darkness, to the next frame", blackout, BLACKOUTS, 5_000),
)


def show(times: dict[str, list[float]]) -> None:
    """The table for people."""
    table = Table(title="Faults during two visits", title_justify="left")
    for heading in ("", "times", "median", "95 %", "most", "at most"):
        table.add_column(heading, justify="left" if not heading else "right")
    for measure in MEASURES:
        if not (values := times.get(measure.name)):
            continue
        told = [f"{value:.0f} ms" for value in (statistics.median(values), percentile(values, 95), max(values))]
        limit = f"{measure.at_most} ms" if measure.at_most else ""
        table.add_row(measure.words, str(len(values)), *told, limit)
    console.print(table)


def measured(scene: Scene, chosen: list[Measure]) -> dict[str, list[float]]:
    """All trials of the chosen measures."""
    times: dict[str, list[float]] = {}
    for measure in chosen:
        times[measure.name] = []
        for _ in track(range(measure.trials), measure.words, console=console):
            scene.settle()
            times[measure.name] += measure.trial(scene)
    return times


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
    from playwright.sync_api import sync_playwright

    chosen = [measure for measure in MEASURES if not options.only or measure.name in options.only]
    address = far_address()
    environment = {"RELAY_BIND": "127.0.0.1", "RELAY_ANNOUNCE": address}
    with tempfile.TemporaryDirectory(prefix="hc-bench-") as folder, house_in(Path(folder), **environment) as house:
        from tests.browser import clinic

        # Before playwright's event loop runs in this thread, where the database may not be used.
        visits = [clinic.new_visit(house.base_url) for _ in range(2)]
        relay = ("127.0.0.1", house.relay_port)
        with (
            BadLine((address, house.relay_port), relay) as line,
            sync_playwright() as playwright,
            two_visits(playwright, house, visits, line) as pairs,
        ):
            times = measured(Scene(house, line, pairs), chosen)
    show(times)
    if options.json:
        print(json.dumps(summary(times)))


if __name__ == "__main__":
    main()
