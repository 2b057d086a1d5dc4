"""Strangers who throw junk at the relay's port, before a visit and during it."""

import random
import socket

import pytest

from tests.browser.clinic import Visit
from tests.browser.house import House
from tests.browser.people import ChromiumTab, meet, wait_for_media
from tests.browser.size import LONG

pytestmark = pytest.mark.alone
DATAGRAMS = 10_000 if LONG else 1_000


def test_hostile_datagrams_before_and_during_a_visit_disturb_nobody(
    visit: Visit, patient: ChromiumTab, doctor: ChromiumTab, house: House
) -> None:
    relay = house.child("relay")
    chance = random.Random(20261122)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        _throw(stranger, chance, house.relay_port)
        meet(patient, doctor, visit.link, visit.board)
        _throw(stranger, chance, house.relay_port)
    for tab in (patient, doctor):
        wait_for_media(tab)
        tab.wait_for("document.documentElement.dataset.mediaState === 'connected'")
    # Not even for a moment: the process that held the visit holds it still.
    assert house.child("relay") == relay


def _throw(stranger: socket.socket, chance: random.Random, port: int) -> None:
    for _ in range(DATAGRAMS):
        stranger.sendto(_hostile(chance), ("127.0.0.1", port))


def _hostile(chance: random.Random) -> bytes:
    """Empty, stray, cut off, oversize, or nearly right: first bytes of STUN, DTLS, RTP and RTCP before junk."""
    length = chance.choice((0, 1, 7, 12, 19, 20, 60, 200, 1_200, 1_472, 9_000))
    body = chance.randbytes(length)
    head = chance.choice(
        (
            b"",
            b"\x00\x01\x00\x08\x21\x12\xa4\x42" + chance.randbytes(12),  # a STUN request that nobody was asked for
            b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff",  # a DTLS record longer than it is
            b"\x80\x60" + chance.randbytes(10),  # RTP
            b"\x81\xc8\xff\xff",  # RTCP that says it is 256 KiB long
            b"\x90\xe0" + chance.randbytes(10) + b"\xbe\xde\xff\xff",  # RTP with extensions without end
        )
    )
    return (head + body)[:9_000]
