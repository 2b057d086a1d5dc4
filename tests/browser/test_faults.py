"""What breaks during a visit: the relay, the web process, and strangers who throw junk at the relay's port."""

import os
import random
import socket

import pytest

from tests.browser.clinic import Visit
from tests.browser.conftest import Watch
from tests.browser.house import House
from tests.browser.people import ChromiumTab, has_read, meet, state_is, wait_for_media, write

DATAGRAMS = 10_000 if os.environ.get("HOUSECALL_LONG") else 1_000
# A socket that ends with its process is said so by the browser, and is not a fault of the page.
SOCKET_LOST = "WebSocket connection to .* failed"


@pytest.fixture
def met(patient: ChromiumTab, doctor: ChromiumTab, visit: Visit) -> Visit:
    """Both are in the call and see and hear each other."""
    meet(patient, doctor, visit.link, visit.board)
    return visit


def test_relay_killed_during_a_visit_brings_the_picture_back(
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab, house: House
) -> None:
    house.kill("relay")
    for tab in (patient, doctor):
        tab.wait_for("document.documentElement.dataset.mediaState !== 'connected'")
    write(doctor, "The chat goes on")
    has_read(patient, "The chat goes on")
    for tab in (patient, doctor):
        tab.wait_for("document.documentElement.dataset.mediaState === 'connected'", 30)
        wait_for_media(tab)
        state_is(tab, "call")
    house.wait_until_ready()


def test_web_killed_during_a_visit_leaves_the_picture_and_brings_the_chat_back(
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab, house: House, watch: Watch
) -> None:
    watch.allow(SOCKET_LOST)
    house.kill("telehealth.serve")
    for tab in (patient, doctor):
        wait_for_media(tab)
    house.wait_until_ready()
    for tab in (patient, doctor):
        tab.wait_for("document.documentElement.dataset.socketState === 'open'", 30)
    write(patient, "Still there")
    has_read(doctor, "Still there")


def test_hostile_datagrams_during_a_visit_disturb_nobody(
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab, house: House
) -> None:
    relay = house.child("relay")
    chance = random.Random(20261122)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(DATAGRAMS):
            stranger.sendto(_hostile(chance), ("127.0.0.1", house.relay_port))
    for tab in (patient, doctor):
        wait_for_media(tab)
        assert tab.evaluate("document.documentElement.dataset.mediaState") == "connected"
    # Not even for a moment: the process that held the visit holds it still.
    assert house.child("relay") == relay


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
