"""ICE-lite and STUN reading: who is answered, which addresses count, when consent ends."""

import struct
from typing import Any

import pytest
from aioice import stun as client_stun
from hypothesis import given
from hypothesis import strategies as st

from relay import stun
from relay.ice import Directory, IceAgent
from relay.limits import MAX_PATHS

HOME = ("192.0.2.10", 5000)


class Seat:
    def __init__(self, directory: Directory, now: float = 0.0) -> None:
        self.ice = IceAgent(self, directory, now)

    def check(self, address: Any = HOME, now: float = 1.0, nominate: bool = True, socket: int = 0) -> bytes | None:
        credentials = self.ice.credentials
        data = request(credentials.ufrag, credentials.password, nominate)
        return self.ice.check(data, credentials.ufrag.encode(), socket, address, now)


def request(ufrag: str, password: str, nominate: bool = True, method: Any = client_stun.Method.BINDING) -> bytes:
    message = client_stun.Message(method, client_stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ufrag}:peer"
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


def seats(count: int = 1) -> tuple[Directory, list[Seat]]:
    directory = Directory([lambda data, address: None, lambda data, address: None])
    return directory, [Seat(directory) for _ in range(count)]


def test_good_check_is_answered_with_the_address_it_came_from() -> None:
    directory, (seat,) = seats()
    reply = seat.check()
    assert reply is not None
    message = client_stun.parse_message(reply)
    assert message.attributes["XOR-MAPPED-ADDRESS"] == HOME
    assert message.check_message_integrity(seat.ice.credentials.password.encode())
    assert directory.by_address[0][HOME].owner is seat


@pytest.mark.parametrize("address", [("2001:db8::7", 9, 0, 0), ("fe80::1%eth0", 9, 0, 2)])
def test_check_over_ipv6_is_answered(address: Any) -> None:
    _, (seat,) = seats()
    assert seat.check(address) is not None


def test_wrong_password_proves_nothing() -> None:
    directory, (seat,) = seats()
    data = request(seat.ice.credentials.ufrag, "wrong")
    assert seat.ice.check(data, seat.ice.credentials.ufrag.encode(), 0, HOME, 1.0) is None
    assert directory.by_address[0] == {}
    assert seat.ice.path is None


@given(st.integers(0, 400), st.integers(0, 255))
def test_check_with_one_signed_byte_changed_proves_nothing(place: int, value: int) -> None:
    _, (seat,) = seats()
    data = bytearray(request(seat.ice.credentials.ufrag, seat.ice.credentials.password))
    place %= len(data) - 8  # FINGERPRINT comes last and is not signed
    if data[place] == value:
        value ^= 0xFF
    data[place] = value
    assert seat.ice.check(bytes(data), seat.ice.credentials.ufrag.encode(), 0, HOME, 1.0) is None


def test_check_without_nomination_is_answered_but_not_sent_to() -> None:
    _, (seat,) = seats()
    assert seat.check(nominate=False) is not None
    assert seat.ice.path is None


def test_last_nomination_counts_until_media_comes() -> None:
    _, (seat,) = seats()
    other = ("192.0.2.10", 6000)
    seat.check()
    seat.check(other)
    assert seat.ice.path is not None
    assert seat.ice.path.address == other
    seat.ice.media_from(seat.ice.path, 1.0)
    seat.check(HOME)
    assert seat.ice.path.address == other


def test_media_from_another_proven_address_moves_the_path() -> None:
    directory, (seat,) = seats()
    seat.check()
    seat.check(("192.0.2.99", 1), nominate=False)
    seat.ice.media_from(directory.by_address[0][("192.0.2.99", 1)], 1.0)
    assert seat.ice.path is directory.by_address[0][("192.0.2.99", 1)]


def test_addresses_are_bounded_and_the_one_in_use_stays() -> None:
    directory, (seat,) = seats()
    seat.check()
    for port in range(100):
        seat.check(("192.0.2.50", port + 1), now=2.0 + port, nominate=False)
    assert len(directory.by_address[0]) == MAX_PATHS
    assert HOME in directory.by_address[0]


def test_living_seats_address_cannot_be_taken_by_another() -> None:
    directory, (victim, thief) = seats(2)
    victim.check(now=1.0)
    assert thief.check(now=20.0) is None
    assert directory.by_address[0][HOME].owner is victim
    assert thief.check(now=40.0) is not None
    assert directory.by_address[0][HOME].owner is thief
    assert victim.ice.path is None


def test_consent_ends_thirty_seconds_after_the_last_good_check() -> None:
    _, (seat,) = seats()
    seat.check(now=5.0)
    assert not seat.ice.expired(35.0)
    assert seat.ice.expired(35.1)
    seat.check(now=36.0)
    assert not seat.ice.expired(60.0)


def test_checks_from_one_address_do_not_keep_media_going_to_another() -> None:
    directory, (seat,) = seats()
    seat.check(("192.0.2.66", 6))  # spoofed, once
    seat.ice.media_from(directory.by_address[0][("192.0.2.66", 6)], 1.0)
    seat.check(HOME, now=30.0)
    assert seat.ice.path is not None
    assert seat.ice.path.address == ("192.0.2.66", 6)
    assert seat.ice.expired(31.1)
    seat.ice.revoke()
    seat.check(HOME, now=32.0)
    seat.ice.media_from(directory.by_address[0][("192.0.2.66", 6)], 33.0)
    assert seat.ice.path.address == HOME


def test_only_a_check_brings_back_a_path_whose_consent_lapsed() -> None:
    directory, (seat,) = seats()
    seat.check()
    path = directory.by_address[0][HOME]
    seat.ice.revoke()
    seat.ice.handshake_from(path, 40.0)
    assert seat.ice.path is None
    seat.ice.media_from(path, 41.0)
    assert seat.ice.path is None
    seat.check(now=42.0)
    assert seat.ice.path is path


def test_path_comes_back_with_the_next_check_after_consent_lapsed() -> None:
    _, (seat,) = seats()
    seat.check()
    assert seat.ice.path is not None
    seat.ice.media_from(seat.ice.path, 1.0)
    seat.ice.revoke()
    seat.check(("192.0.2.77", 7), nominate=False, now=50.0)
    assert seat.ice.path.address == ("192.0.2.77", 7)


def test_restart_keeps_the_former_credentials_until_the_new_are_used() -> None:
    directory, (seat,) = seats()
    former = seat.ice.credentials
    seat.check()
    seat.ice.restart()
    old = request(former.ufrag, former.password)
    assert seat.ice.check(old, former.ufrag.encode(), 0, HOME, 2.0) is not None
    assert seat.check(("192.0.2.10", 7000)) is not None
    assert seat.ice.path is not None
    assert seat.ice.path.address == ("192.0.2.10", 7000)
    assert former.ufrag.encode() not in directory.by_ufrag
    assert seat.ice.check(old, former.ufrag.encode(), 0, HOME, 3.0) is None


def test_closing_leaves_nothing_in_the_directory() -> None:
    directory, (seat,) = seats()
    seat.check()
    seat.check(("192.0.2.10", 2), socket=1)
    seat.ice.restart()
    seat.ice.close()
    assert directory.by_ufrag == {}
    assert directory.by_address == [{}, {}]


def test_username_is_found_in_a_browsers_request() -> None:
    assert stun.scan_username(request("ours", "pw")) == b"ours"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\1\0\0" + b"\x21\x12\xa4\x42" + bytes(12),
        request("ours", "pw")[:-4],
        request("ours", "pw").replace(b"\x21\x12\xa4\x42", b"\0\0\0\0"),
        b"\1\1" + request("ours", "pw")[2:],
        struct.pack("!HHI12sHH", 1, 8, 0x2112A442, bytes(12), 6, 60000) + b"ab:c",
        struct.pack("!HHI12sHH", 1, 8, 0x2112A442, bytes(12), 6, 4) + b"abcd",
        struct.pack("!HHI12sHH", 1, 2000, 0x2112A442, bytes(12), 6, 1996) + b"a" * 1996,
    ],
    # Requests are drawn anew in each process; names of tests must be the same in all of them.
    ids=lambda data: str(len(data)),
)
def test_scan_finds_no_username_in_junk(data: bytes) -> None:
    assert stun.scan_username(data) is None


@given(st.binary(max_size=600))
def test_reading_any_bytes_raises_nothing(data: bytes) -> None:
    framed = struct.pack("!HHI12s", 1, len(data), 0x2112A442, bytes(12)) + data
    stun.scan_username(framed)
    assert stun.read_request(framed, b"password") is None
