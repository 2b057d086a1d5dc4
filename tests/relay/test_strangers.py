"""What datagrams of strangers cost before anything is proven: little, always the same, and never the dear parts."""

from collections.abc import Callable
from typing import Any

import pytest

from relay import stun
from relay.ice import CheckGate, Directory, IceAgent, Path
from relay.limits import (
    CHECKS_PER_ADDRESS,
    HANDSHAKE_BURST,
    MAX_CHECK_SOURCES,
    OWN_CHECKS_BURST,
    STRANGE_CHECKS,
)
from relay.peer import Counters
from relay.port import Demux
from tests.relay.house import House
from tests.relay.steps import counted
from tests.relay.test_ice import request

STRANGER = ("198.51.100.7", 4000)
HOME = ("192.0.2.10", 5000)
COOKIE = b"\x21\x12\xa4\x42"


class Seat:
    """A seat as the demultiplexer knows it; media and handshakes of strangers must never come so far."""

    def __init__(self, directory: Directory) -> None:
        self.ice = IceAgent(self, directory, 0.0)

    def on_check(self, data: bytes, ufrag: bytes, socket: int, address: Any, now: float) -> None:
        self.ice.check(data, ufrag, socket, address, now)

    def on_media(self, data: bytes, path: Path, now: float) -> None:
        raise AssertionError("media of a stranger")

    on_handshake = on_media

    def signed(self, nominate: bool = True) -> bytes:
        return request(self.ice.credentials.ufrag, self.ice.credentials.password, nominate)

    def forged(self) -> bytes:
        return request(self.ice.credentials.ufrag, "not the password")


@pytest.fixture
def directory() -> Directory:
    return Directory([lambda data, address: None])


@pytest.fixture
def seat(directory: Directory) -> Seat:
    return Seat(directory)


@pytest.fixture
def demux(directory: Directory) -> Demux:
    return Demux(directory, Counters(), lambda: 0.0)


def spied(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[int]:
    calls, original = [0], getattr(owner, name)

    def spy(*arguments: Any) -> Any:
        calls[0] += 1
        return original(*arguments)

    monkeypatch.setattr(owner, name, spy)
    return calls


def stun_request(attributes: bytes) -> bytes:
    return b"\0\1" + len(attributes).to_bytes(2, "big") + COOKIE + bytes(12) + attributes


UNPROVED: dict[str, Callable[[int], bytes]] = {
    "empty": lambda size: b"",
    "junk": lambda size: b"\xff" * size,
    "rtp": lambda size: b"\x80\x6f" + bytes(size),
    "rtcp": lambda size: b"\x80\xc8" + bytes(size),
    "handshake": lambda size: b"\x16\xfe\xff" + bytes(size),
    "stun-of-nobody": lambda size: stun_request(b"\0\6\0\6ab:cde\0\0" + bytes(size)),
    "stun-many-attributes": lambda size: stun_request(b"\x80\x22\0\0" * (size // 4)),
    "stun-long-attribute": lambda size: stun_request(b"\x80\x22" + size.to_bytes(2, "big") + bytes(size)),
    "stun-lying-length": lambda size: b"\0\1\xff\xf0" + COOKIE + bytes(size),
    "stun-no-cookie": lambda size: b"\0\1" + size.to_bytes(2, "big") + bytes(16 + size),
}


@pytest.mark.parametrize("kind", UNPROVED)
def test_datagram_that_proves_nothing_costs_the_same_few_steps_whatever_its_size(
    kind: str, demux: Demux, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    dear = [
        spied(monkeypatch, stun.stun, "parse_message"),
        spied(monkeypatch, stun, "is_signed"),
        spied(monkeypatch, stun, "build_response"),
    ]
    costs = []
    for size in (64, 256, 512, 1400, 2048):
        with counted() as steps:
            demux.receive(UNPROVED[kind](size), STRANGER, 0, 1.0)
        costs.append(steps[0])
    assert max(costs) <= 80
    assert dear == [[0], [0], [0]]
    assert demux._counters.dropped == demux._counters.packets_in == 5


def test_forged_checks_of_one_address_cost_few_signatures_a_second(
    demux: Demux, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures, parsed = spied(monkeypatch, stun, "is_signed"), spied(monkeypatch, stun.stun, "parse_message")
    forged = seat.forged()
    for _ in range(5_000):
        demux.receive(forged, STRANGER, 0, 1.0)
    assert (signatures, parsed) == ([CHECKS_PER_ADDRESS], [0])
    demux.receive(seat.signed(), HOME, 0, 1.0)  # another address is not kept waiting
    assert seat.ice.path is not None
    demux.receive(seat.signed(), STRANGER, 0, 2.0)  # nor that one, a second later
    assert len(demux._by_address[0]) == 2


def test_forged_checks_of_many_addresses_cost_few_signatures_a_second(
    demux: Demux, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    demux.receive(seat.signed(), HOME, 0, 0.5)
    signatures = spied(monkeypatch, stun, "is_signed")
    forged = seat.forged()
    for port in range(6_000):
        demux.receive(forged, ("198.51.100.9", port), 0, 1.0)
    assert signatures[0] <= 2 * STRANGE_CHECKS
    assert len(demux._by_address[0]) == 1
    before = seat.ice.checked_at
    demux.receive(seat.signed(), HOME, 0, 1.0)  # the browser's own address goes on proving itself meanwhile
    assert seat.ice.checked_at == 1.0 > before
    demux.receive(seat.signed(), ("192.0.2.11", 5000), 0, 2.0)
    assert len(demux._by_address[0]) == 2


def test_forged_checks_from_a_proven_address_do_not_keep_the_browser_out(demux: Demux, seat: Seat) -> None:
    demux.receive(seat.signed(), HOME, 0, 0.5)
    forged = seat.forged()
    for _ in range(5_000):
        demux.receive(forged, HOME, 0, 20.0)
    demux.receive(seat.signed(), HOME, 0, 20.0)
    assert not seat.ice.expired(45.0)


def test_checks_beyond_the_seats_own_budget_are_neither_parsed_nor_answered(
    demux: Demux, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, built = spied(monkeypatch, stun.stun, "parse_message"), spied(monkeypatch, stun, "build_response")
    for _ in range(2_000):
        demux.receive(seat.signed(), HOME, 0, 1.0)
    assert parsed == built
    assert parsed[0] <= OWN_CHECKS_BURST + 100
    demux.receive(seat.signed(), HOME, 0, 5.0)
    assert seat.ice.checked_at == 5.0


def test_gate_remembers_a_bounded_number_of_addresses() -> None:
    gate = CheckGate()
    assert sum(gate.admits(("198.51.100.1", port), 1.0) for port in range(20_000)) == MAX_CHECK_SOURCES
    assert gate.admits(("198.51.100.1", 65_000), 2.0)


def test_signature_alone_says_the_same_as_the_whole_parse(seat: Seat) -> None:
    password = seat.ice.credentials.password.encode()
    good = seat.signed()
    for place in range(len(good) - 8):
        changed = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert not (stun.is_signed(changed, password) and stun.scan_username(changed)) or stun.read_request(
            changed, password
        )
    assert stun.is_signed(good, password)
    assert not stun.is_signed(good, b"other")
    for cut in range(len(good) - 8):
        assert not stun.is_signed(good[:cut], password)


async def test_flood_of_handshakes_from_a_members_address_does_not_reach_openssl(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, patient = await house.both()
    peer = house.relay.board.rooms[house.room].seats[house.seat("patient")].peer
    assert peer is not None
    pushed = spied(monkeypatch, peer.dtls, "push")
    path = peer.ice.path
    assert path is not None
    now = house.clock() + 10
    for _ in range(5_000):
        peer.on_handshake(b"\x17\xfe\xfd" + bytes(60), path, now)
    assert pushed[0] <= 2 * HANDSHAKE_BURST
    doctor.send(b"\x80\x6f\x00\x01" + bytes(4) + doctor.ssrcs["audio"].to_bytes(4, "big") + b"on")
    await patient.changes.until(lambda: patient.packets)
