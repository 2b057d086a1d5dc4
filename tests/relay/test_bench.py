"""The load that measures the relay still connects to it: one room for a moment, in the bench's own namespace."""

import json
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT


@pytest.mark.slow
def test_load_of_one_room_is_forwarded_whole() -> None:
    command = [sys.executable, "-m", "bench.relay_load", "relay", "--rooms=1", "--seconds=0.3", "--warm-up=0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, f"needs the right to make network namespaces: {done.stderr}"
    result = json.loads(done.stdout)
    assert result["packets"] >= 0.3 * 2 * 200 * 0.9
    assert result["loss_pct"] == 0.0
    assert result["p99_ms"] > 0.0
