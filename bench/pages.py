"""How Lighthouse, the browser makers' own judge, finds the pages that anybody may open: a phone, four times slower.

Each page so often, Chromium on this machine, the demo's clinic, files as a clinic serves them; medians of the scores.
Lighthouse slows the processor down for real (`devtools`) and the network to that of a slow phone.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.join import house_in

LIGHTHOUSE = Path(__file__).resolve().parent / "lighthouse"
PAGES = {
    "home": "/",
    "book": "/book/",
    "wait list": "/book/wait/",
    "visit today": "/visit-today/",
    "sign in": "/accounts/login/",
}
CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST, TRIALS, SLOWDOWN = 90, 5, 4
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
console = Console(stderr=True, highlight=False)


def judge(address: str) -> dict[str, float]:
    """The scores of one look at a page, 0 to 100; RuntimeError when Lighthouse cannot look."""
    command = [
        *(
            "npx",
            "--no-install",
            "lighthouse",
            address,
            "--quiet",
            "--output=json",
            "--disable-full-page-screenshot",
            f"--chrome-flags={FLAGS}",
        ),
        f"--only-categories={','.join(CATEGORIES)}",
        *("--form-factor=mobile", "--throttling-method=devtools", f"--throttling.cpuSlowdownMultiplier={SLOWDOWN}"),
    ]
    environment = {**os.environ, "CHROME_PATH": "/usr/bin/chromium"}
    answer = subprocess.run(
        command, cwd=LIGHTHOUSE, env=environment, capture_output=True, text=True, check=False, timeout=180
    )
    if answer.returncode:
        raise RuntimeError(answer.stderr[-2000:])
    report = json.loads(answer.stdout)
    for category in CATEGORIES:
        for each in report["categories"][category]["auditRefs"]:
            audit = report["audits"][each["id"]]
            if each["weight"] and audit["score"] is not None and audit["score"] < LEAST / 100:
                console.log(f"{address}: {audit['title']} {audit.get('displayValue', '')}")
    return {category: report["categories"][category]["score"] * 100 for category in CATEGORIES}


def show(scores: dict[str, dict[str, float]]) -> None:
    """The table for people."""
    table = Table(title=f"Public pages, {SLOWDOWN}x slower, at least {LEAST}", title_justify="left")
    for heading in ("", *CATEGORIES):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, found in scores.items():
        table.add_row(name, *(f"{found[category]:.0f}" for category in CATEGORIES))
    console.print(table)


def main() -> None:
    """Look at every page and print the table; with --json the medians as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench pages", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", type=int, default=TRIALS)
    options = parser.parse_args()
    looks: dict[str, list[dict[str, float]]] = {name: [] for name in PAGES}
    with tempfile.TemporaryDirectory(prefix="hc-bench-") as var, house_in(Path(var), STATIC_COLLECTED="1") as house:
        from telehealth.demo.seed import seed

        seed()
        rounds = [name for _ in range(options.trials) for name in PAGES]
        for name in track(rounds, "Looking", console=console):
            looks[name].append(judge(house.base_url + PAGES[name]))
    medians = {
        name: {category: round(statistics.median(one[category] for one in found)) for category in CATEGORIES}
        for name, found in looks.items()
    }
    show(medians)
    if options.json:
        print(json.dumps({"pages": medians, "least": min(min(found.values()) for found in medians.values())}))


if __name__ == "__main__":
    main()
