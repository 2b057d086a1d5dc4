"""`check_turn` against a real coturn: good for the shipped file, and a fault for each of its locks taken away."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.ports import free_port
from tests.turn import servers
from tests.turn.servers import Turn


def check(turn: Turn, **options: Any) -> tuple[list[str], CommandError | None]:
    """The lines of the report, and how the command ended."""
    out, failed = StringIO(), None
    try:
        call_command("check_turn", ca=str(turn.certificate.chain), stdout=out, **options)
    except CommandError as error:
        failed = error
    return out.getvalue().splitlines(), failed


def bad(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("BAD")]


def test_check_turn_passes_on_the_shipped_configuration(turn: Turn, told: Any) -> None:
    told.TURN_URLS = turn.urls
    lines, failed = check(turn, tries=200)
    assert (bad(lines), failed) == ([], None)
    for url in turn.urls:
        of_url = "\n".join(line for line in lines if url in line)
        assert re.search(r"relay-1 at \S+ port \d+ answers a check", of_url)
        assert re.search(r"sends nothing to 3\d forbidden addresses \(IPv4\)", of_url)
        assert "of 200 allocations of one seat 10 are granted" in of_url
        assert of_url.count("refused (401)") == 6
        assert "relaying TCP is refused" in of_url
        assert "other UDP ports of" in of_url  # coturn keeps to addresses; the firewall keeps to ports
    assert lines[-1] == "The TURN server leads to the relay and nowhere else."


def without(*names: str) -> Callable[[str], str]:
    """The configuration without the lines of these names."""
    return lambda text: "\n".join(line for line in text.splitlines() if line.partition("=")[0] not in names) + "\n"


@pytest.mark.parametrize(
    ("taken_away", "found"),
    [
        ("denied-peer-ip", "passes on to 10.0.0.1, a private network"),
        ("user-quota", "allocations of one seat 12 are granted"),
        ("no-tcp-relay", "relaying TCP is not"),
    ],
)
def test_check_turn_fails_when_a_lock_is_taken_away(folder: Path, told: Any, taken_away: str, found: str) -> None:
    here = servers.primary_address()
    with servers.turnserver(folder, relay_at=here, change=without(taken_away)) as turn:
        told.TURN_URLS = turn.urls[:2]
        lines, failed = check(turn, tries=12)
    assert failed is not None
    for url in told.TURN_URLS:
        assert [line for line in bad(lines) if url in line and found in line], lines


def test_check_turn_fails_when_the_relay_is_not_allowed(folder: Path, told: Any) -> None:
    with servers.turnserver(folder, relay_at="198.51.100.8") as turn:
        told.TURN_URLS = turn.urls[:1]
        lines, failed = check(turn)
    assert failed is not None
    assert ["is refused (403). Name this address as allowed-peer-ip." in line for line in bad(lines)] == [True]


def test_check_turn_fails_with_another_secret_and_without_a_server(turn: Turn, told: Any) -> None:
    told.TURN_URLS = turn.urls[:1]
    told.TURN_SECRET = "another secret of at least thirty-two"
    lines, failed = check(turn)
    assert failed is not None
    assert "TURN_SECRET and static-auth-secret must be the same" in bad(lines)[0]
    told.TURN_URLS = [f"turn:127.0.0.1:{free_port()}?transport=tcp"]
    lines, failed = check(turn)
    assert failed is not None
    assert "no answer" in bad(lines)[0]


def test_check_turn_without_a_turn_server_or_relay_says_so(turn: Turn, told: Any, folder: Path) -> None:
    told.TURN_URLS = []
    _, failed = check(turn)
    assert "TURN_URLS is empty" in str(failed)
    told.TURN_URLS = turn.urls[:1]
    told.RELAYS = servers_without_relay(folder)
    lines, failed = check(turn)
    assert "relay-1 did not give its control link. Is it running?" in bad(lines)[0]


def servers_without_relay(folder: Path) -> Any:
    from signaling.addresses import read_relays

    return read_relays(f"relay-1=unix:{folder / 'nobody.sock'}")
