"""`./run test`: runs the parts of the test suite one after another and adds up their counts. Holds no test."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console

from tests.servers import servers

ROOT = Path(__file__).resolve().parent.parent
PYTEST = (sys.executable, "-m", "pytest", "-q")
WITHOUT_BROWSER = "not browser"
# What a change is held against while it is made, in under a minute: rules, services and the relay. Pages, sockets and
# recordings have their tests by path, and all of them in `./run test`.
RULES = ("architecture", "unit", "relay", *(f"integration/{room}" for room in ("accounts", "audit", "consent")))
FAST = [f"tests/{each}" for each in (*RULES, "integration/scheduling", "integration/consults", "integration/house")]
console = Console(highlight=False)


@dataclass
class Tally:
    """What the parts reported so far."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, name: str, report: Path, code: int) -> None:
        """Count a part's JUnit report; a part that ends badly without a counted failure is named."""
        failed_before = self.failed
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                self.failed += 1
            elif case.find("skipped") is not None:
                self.skipped += 1
            else:
                self.passed += 1
        if code and self.failed == failed_before:
            self.broken.append(f"{name} ended with code {code}")
        if not cases:
            self.broken.append(f"{name} ran no test")


def main() -> int:
    """Run the chosen parts; 0 only if everything ran and passed and nothing was skipped."""
    chosen = sys.argv[1:] or ["all"]
    if chosen[0] not in {"all", "fast", "long"}:
        return subprocess.call([*PYTEST, *chosen], cwd=ROOT)
    if chosen[0] == "long":
        os.environ["HOUSECALL_LONG"] = "1"
    started_at, tally = time.monotonic(), Tally()
    with tempfile.TemporaryDirectory() as folder:
        _run_parts(chosen[0], Path(folder), tally)
    return _conclude(tally, time.monotonic() - started_at)


def _run_parts(scope: str, folder: Path, tally: Tally) -> None:
    long = "" if scope == "long" else " and not long"
    _part("JavaScript", _javascript(folder / "js.xml"), folder / "js.xml", tally)
    # Many of these wait for a relay's clock: a third worker uses the time.
    shared = ["-n", "3", "--dist", "worksteal"]
    if scope == "fast":
        chosen = WITHOUT_BROWSER + long + " and not slow"
        _pytest("rules, services, relay, without races", [*shared, "-m", chosen, *FAST], folder, tally)
        return
    # SQLite renders the pages of the browsers' houses below; here it would only render them twice.
    elsewhere = [f"--ignore=tests/integration/{room}" for room in ("pages", "visit_pages")]
    _pytest("unit, architecture, SQLite", [*shared, *elsewhere, "-m", WITHOUT_BROWSER + long], folder, tally)
    with servers() as addresses:
        # channels_redis keeps a connection per event loop, and every asynchronous test has a loop of its own.
        kept = ["-W", "ignore:unclosed <socket:ResourceWarning"]
        own = ["--ds", "tests.own_redis"]
        chosen = [*shared, *own, *kept, "-m", WITHOUT_BROWSER + long, "tests/integration"]
        _pytest("PostgreSQL and Redis", chosen, folder, tally, addresses)
    # Pages wait for each other more than they compute, so that two cores drive two pairs of browsers; each file's tests
    # share a house and a call. What is about pictures and sound in time has the machine to itself.
    two = ["-n", "2", "--dist", "loadfile"]
    _pytest("pages in browsers", [*two, "-m", "browser and not alone" + long, "tests/browser"], folder, tally)
    _pytest("media in browsers", ["-m", "browser and alone" + long, "tests/browser"], folder, tally)


def _javascript(report: Path) -> Sequence[str]:
    tests = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "js").rglob("*.test.*js"))
    return (
        "node",
        "--test",
        "--test-reporter=dot",
        "--test-reporter-destination=stdout",
        "--test-reporter=junit",
        f"--test-reporter-destination={report}",
        *tests,
    )


def _pytest(
    name: str, arguments: Sequence[str], folder: Path, tally: Tally, environment: dict[str, str] | None = None
) -> None:
    report = folder / f"{name.partition(' ')[0]}.xml"
    _part(name, (*PYTEST, f"--junitxml={report}", *arguments), report, tally, environment)


def _part(
    name: str, command: Sequence[str], report: Path, tally: Tally, environment: dict[str, str] | None = None
) -> None:
    console.rule(name, align="left")
    started_at = time.monotonic()
    code = subprocess.call(command, cwd=ROOT, env={**os.environ, **(environment or {})})
    tally.add(name, report, code)
    console.print(f"{name}: {time.monotonic() - started_at:.0f} s")


def _conclude(tally: Tally, seconds: float) -> int:
    console.rule()
    for sentence in tally.broken:
        console.print(sentence)
    if tally.skipped:
        console.print(f"{tally.skipped} tests were skipped; every test must run here.")
    console.print(
        f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped in {seconds:.0f} s", style="bold"
    )
    return 1 if tally.failed or tally.skipped or tally.broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
