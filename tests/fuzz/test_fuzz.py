"""Every fuzz target runs for some seconds from its seeds, in a process of its own; one with a fault in it is caught."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.run import CORPUS, GUIDED
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
SECONDS = 60 if os.environ.get("HOUSECALL_LONG") == "1" else 2

pytestmark = pytest.mark.slow


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS + 100, check=False
    )


@pytest.mark.parametrize("name", TARGETS)
def test_target_finds_no_fault(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = [f"-max_total_time={SECONDS}", f"-artifact_prefix={tmp_path}/"]
    found = run("-m", "tests.fuzz.run", name, *flags, str(tmp_path))
    assert found.returncode == 0, found.stderr[-6000:]
    assert "Done " in found.stderr
    if not GUIDED:
        with capsys.disabled():
            sys.stderr.write(f"\n{name}: {found.stderr.splitlines()[0]}\n")


def test_every_target_has_seeds_and_every_seed_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert all(any(folder.iterdir()) for folder in CORPUS.iterdir())


FAULTY = """
import sys
from tests.fuzz import run, targets

def faulty(data):
    if b"VP8" in data or len(data) > 20:
        raise IndexError("the fault")

targets.TARGETS["vp8"] = faulty
sys.argv = ["run", "vp8", "-max_total_time=30", "-artifact_prefix=" + sys.argv[1] + "/"]
sys.exit(run.main())
"""


def test_target_with_a_fault_fails(tmp_path: Path) -> None:
    found = run("-c", FAULTY, str(tmp_path))
    assert found.returncode != 0
    assert "IndexError: the fault" in found.stdout + found.stderr
