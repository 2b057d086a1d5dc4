"""How long "Call in" takes to a moving picture, a reload to the picture's return, and the picture to its full size.

Everything is what a doctor waits for: pressed on the queue board, page change included, until the browser presents the
first decoded frame of the patient. Chromium with made-up devices, house and browsers on this machine.
"""

import argparse
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
FIRST_FRAME = "Number(document.documentElement.dataset.firstRemoteFrame ?? 0)"
FULL_SIZE = "performance.getEntriesByName('full-size-remote-frame')"
console = Console(stderr=True, highlight=False)


@dataclass
class Times:
    """What the trials measured."""

    admit_ms: list[float] = field(default_factory=list)
    reload_ms: list[float] = field(default_factory=list)
    full_size_s: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        return {
            "trials": len(self.admit_ms),
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
    """A running house, and Django in this process on the same database."""
    house = House(folder, **environment)
    os.environ.update(house.environment, DJANGO_SETTINGS_MODULE="telehealth.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    house.start()
    try:
        yield house
    finally:
        house.stop()


def measure(house: House, browser: Any, visit: Any, times: Times) -> None:
    """One trial: the patient waits, is called in, the doctor reloads."""
    from tests.browser.people import CALL_IN, ChromiumTab, go_in, state_is

    contexts = [browser.new_context(base_url=house.base_url, viewport={"width": 1280, "height": 800}) for _ in range(2)]
    patient, doctor = (ChromiumTab(context.new_page()) for context in contexts)
    contexts[1].add_cookies([{"name": visit.doctor.name, "value": visit.doctor.value, "url": house.base_url}])
    doctor.page.add_init_script(TELL_PRESS)
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
        ('"Call in" to first frame', times.admit_ms, "ms", "1500 ms"),
        ("reload to picture", times.reload_ms, "ms", "3000 ms"),
        (f"until {FULL_WIDTH} px wide", times.full_size_s, "s", "6 s"),
    )
    for name, values, unit, limit in rows:
        digits = 0 if unit == "ms" else 1
        told = [f"{value:.{digits}f} {unit}" for value in (statistics.median(values), percentile(values, 95))]
        table.add_row(name, *told, limit)
    console.print(table)


def main() -> None:
    """Run the trials and print the table; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench join", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", type=int, default=TRIALS)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    times = Times()
    with tempfile.TemporaryDirectory(prefix="hc-bench-") as folder, house_in(Path(folder)) as house:
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
