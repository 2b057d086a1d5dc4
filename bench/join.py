"""How long the link takes to one's own picture, and "Call in" to a moving one; and what the visit's scripts weigh.

A patient's time runs from opening the link, its files known to the browser from a first look, until the browser
presents their own camera's first frame; Join is pressed as soon as the page can answer. A doctor's runs from the press
on the queue board, page change included, to the first decoded frame of the patient. Chromium with made-up devices,
house and browsers on this machine, files as a clinic serves them.
"""

import argparse
import gzip
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.house import House

TRIALS = 20
FULL_WIDTH = 1280  # the page marks it
FULL_SIZE_LIMIT_SECONDS = 30.0
# When the doctor's press left the board, on the clock that both pages share.
TELL_PRESS = (
    """document.addEventListener('submit', () => sessionStorage.setItem('pressed', String(Date.now())), true)"""
)
# Join is pressed by the page itself, the moment that it can answer: a driver's own round trips are nobody's wait.
TELL_OWN_PICTURE = """
const open = () => document.documentElement.dataset.visitState === 'door';
const look = () => {
  const join = open() && document.querySelector('[data-step=door] [data-act=join]');
  if (!join) return requestAnimationFrame(look);
  join.click();
  const own = document.querySelector('[data-preview]');
  own.requestVideoFrameCallback(() => { document.documentElement.dataset.ownPicture = String(performance.now()); });
};
if (sessionStorage.getItem('measured')) requestAnimationFrame(look);
"""
OWN_PICTURE = "Number(document.documentElement.dataset.ownPicture ?? 0)"
FIRST_FRAME = "Number(document.documentElement.dataset.firstRemoteFrame ?? 0)"
FULL_SIZE = "performance.getEntriesByName('full-size-remote-frame')"
console = Console(stderr=True, highlight=False)


@dataclass
class Times:
    """What the trials measured."""

    admit_ms: list[float] = field(default_factory=list)
    reload_ms: list[float] = field(default_factory=list)
    full_size_s: list[float] = field(default_factory=list)
    own_picture_ms: list[float] = field(default_factory=list)
    # By the address of each script of the visit's page, until the call.
    script_bytes: dict[str, int] = field(default_factory=dict)

    @property
    def script_kb(self) -> float:
        return sum(self.script_bytes.values()) / 1000

    def summary(self) -> dict[str, float]:
        return {
            "trials": len(self.admit_ms),
            "link_to_own_picture_ms_p50": round(statistics.median(self.own_picture_ms)),
            "link_to_own_picture_ms_p95": round(percentile(self.own_picture_ms, 95)),
            "visit_js_gzip_kb": round(self.script_kb, 1),
            "admit_to_frame_ms_p50": round(statistics.median(self.admit_ms)),
            "admit_to_frame_ms_p95": round(percentile(self.admit_ms, 95)),
            "reload_to_frame_ms_p95": round(percentile(self.reload_ms, 95)),
            "seconds_to_full_size": round(percentile(self.full_size_s, 95), 1),
        }


def percentile(values: list[float], percent: int) -> float:
    """The value that so many percent of the measured ones do not exceed (nearest rank: a time that was measured)."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


@contextmanager
def house_in(folder: Path, **environment: str) -> Iterator[House]:
    """A running house, and Django in this process on its database; with `STATIC_COLLECTED` the files of a clinic."""
    house = House(folder, **environment)
    os.environ.update(house.environment, DJANGO_SETTINGS_MODULE="telehealth.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    if environment.get("STATIC_COLLECTED"):
        call_command("collectstatic", verbosity=0, interactive=False)
    house.start()
    try:
        yield house
    finally:
        house.stop()


def see_oneself(patient: Any, link: str, times: Times) -> None:
    """The first look leaves the files with the browser; the second one counts."""
    from tests.browser.people import state_is

    patient.goto(link)
    state_is(patient, "door")
    patient.page.add_init_script(TELL_OWN_PICTURE)
    patient.evaluate("sessionStorage.setItem('measured', 'yes')")
    # The same address with another fragment only would be no new page.
    patient.goto("about:blank")
    patient.goto(link)
    patient.wait_for(f"{OWN_PICTURE} > 0")
    times.own_picture_ms.append(patient.evaluate(OWN_PICTURE))
    patient.evaluate("sessionStorage.removeItem('measured')")
    patient.goto("about:blank")


def weigh(response: Any, times: Times) -> None:
    """Note a script as it goes over the line, compressed on its own."""
    if response.request.resource_type == "script" and response.url not in times.script_bytes:
        times.script_bytes[response.url] = len(gzip.compress(response.body(), 9))


def measure(house: House, browser: Any, visit: Any, times: Times) -> None:
    """One trial: the patient waits, is called in, the doctor reloads."""
    from tests.browser.people import CALL_IN, ChromiumTab, go_in, state_is

    contexts = [browser.new_context(base_url=house.base_url, viewport={"width": 1280, "height": 800}) for _ in range(2)]
    patient, doctor = (ChromiumTab(context.new_page()) for context in contexts)
    contexts[1].add_cookies([{"name": visit.doctor.name, "value": visit.doctor.value, "url": house.base_url}])
    doctor.page.add_init_script(TELL_PRESS)
    patient.page.on("response", lambda response: weigh(response, times))
    see_oneself(patient, visit.link, times)
    go_in(patient, visit.link)
    patient.wait_for("document.documentElement.dataset.mediaState === 'connected'")
    doctor.goto(visit.board)
    doctor.wait_for(f"document.querySelector('{CALL_IN}')")
    doctor.click(CALL_IN)
    state_is(doctor, "call")
    doctor.wait_for(f"{FIRST_FRAME} > 0")
    pressed, first = doctor.evaluate(f"[Number(sessionStorage.getItem('pressed')), {FIRST_FRAME}]")
    times.admit_ms.append(first - pressed)
    doctor.wait_for(f"{FULL_SIZE}.length > 0", FULL_SIZE_LIMIT_SECONDS)
    full = doctor.evaluate(f"performance.timeOrigin + {FULL_SIZE}[0].startTime")
    times.full_size_s.append((full - pressed) / 1000)
    pressed = time.time() * 1000
    doctor.page.reload(wait_until="commit")
    doctor.wait_for(f"{FIRST_FRAME} > {pressed}")
    times.reload_ms.append(doctor.evaluate(FIRST_FRAME) - pressed)
    for context in contexts:
        context.close()


def show(times: Times) -> None:
    """The table for people."""
    table = Table(title=f"Joining, {len(times.admit_ms)} trials", title_justify="left")
    for heading in ("", "median", "95 %", "at most"):
        table.add_column(heading, justify="left" if not heading else "right")
    rows = (
        ("link to own picture", times.own_picture_ms, "ms", "2000 ms"),
        ('"Call in" to first frame', times.admit_ms, "ms", "1500 ms"),
        ("reload to picture", times.reload_ms, "ms", "3000 ms"),
        (f"until {FULL_WIDTH} px wide", times.full_size_s, "s", "6 s"),
    )
    for name, values, unit, limit in rows:
        digits = 0 if unit == "ms" else 1
        told = [f"{value:.{digits}f} {unit}" for value in (statistics.median(values), percentile(values, 95))]
        table.add_row(name, *told, limit)
    console.print(table)
    console.print(f"{len(times.script_bytes)} scripts of the visit, compressed: {times.script_kb:.1f} kB (90 kB)")


def main() -> None:
    """Run the trials and print the table; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench join", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", type=int, default=TRIALS)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    times = Times()
    with (
        tempfile.TemporaryDirectory(prefix="hc-bench-") as folder,
        house_in(Path(folder), STATIC_COLLECTED="1") as house,
    ):
        from tests.browser import clinic

        # Before playwright's event loop runs in this thread, where the database may not be used.
        visits = [clinic.new_visit(house.base_url) for _ in range(options.trials)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM_FLAGS))
            for visit in track(visits, "Calling in", console=console):
                measure(house, browser, visit, times)
            browser.close()
    show(times)
    if options.json:
        print(json.dumps(times.summary()))


if __name__ == "__main__":
    main()
