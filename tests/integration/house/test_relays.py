"""A house with two relays under the supervisor: one that dies or is told to stop is back, and Ctrl-C ends all."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.browser.house import ROOT, STOP_SECONDS, House

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 60.0
LONG = os.environ.get("HOUSECALL_LONG") == "1"
BOTH = {"relay-1": "ready", "relay-2": "ready"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On a database of its own, with any free ports."""
    house = House(tmp_path_factory.mktemp("h"), RELAY_PROCESSES="2", RELAY_PORT="0")
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=ROOT, env=house.environment, check=True)
    house.start()
    yield house
    house.stop()


def relay_states(house: House) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"{house.base_url}/readyz", timeout=10) as response:
            return dict(json.load(response)["relays"])
    except urllib.error.HTTPError as error:
        with error:
            return dict(json.load(error)["relays"])


def until(fits: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not fits():
        assert time.monotonic() < give_up_at


def children(house: House) -> list[psutil.Process]:
    assert house._process is not None
    return psutil.Process(house._process.pid).children()


def relay_processes(house: House) -> dict[str, psutil.Process]:
    """By control socket, which the environment of each names."""
    relays = [child for child in children(house) if child.cmdline()[-1] == "relay"]
    return {relay.environ()["RELAY_CONTROL"].rpartition("/")[2].removesuffix(".sock"): relay for relay in relays}


def test_two_relays_are_there_and_see_no_secret(house: House) -> None:
    until(lambda: relay_states(house) == BOTH)
    relays = relay_processes(house)
    assert set(relays) == set(BOTH)
    for relay in relays.values():
        assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ORIGINS"}.isdisjoint(relay.environ())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_relay_that_ends_is_started_again_and_the_other_goes_on(house: House, number: signal.Signals) -> None:
    until(lambda: relay_states(house) == BOTH)
    before = relay_processes(house)
    before["relay-1"].send_signal(number)
    before["relay-1"].wait(PATIENCE_SECONDS)
    until(lambda: "relay-1" in relay_processes(house) and relay_states(house) == BOTH)
    after = relay_processes(house)
    assert after["relay-1"].pid != before["relay-1"].pid
    assert after["relay-2"].pid == before["relay-2"].pid


def test_stopping_the_house_leaves_no_process_and_takes_no_time_to_drain(house: House) -> None:
    until(lambda: relay_states(house) == BOTH)
    left = children(house)
    began = time.monotonic()
    house.stop()
    took = time.monotonic() - began
    assert psutil.wait_procs(left, timeout=0)[1] == []
    assert took < (8.0 if LONG else STOP_SECONDS - 1)  # draining takes longer, and House.stop kills
