"""The tools of these tests see what is there, and see it when it is not right."""

import io
from fractions import Fraction

import av
import pyrage
import pytest

from tests.browser.claps import Claps, claps_in, percentile
from tests.recording.film import FRAMES_A_SECOND, RATE, SOUND_MS, Film, film
from tests.recording.parts import Stream, opened, part_of

SECONDS = 3
MAC = bytes(range(32))


@pytest.fixture(scope="module")
def shown() -> Film:
    return film(SECONDS, 320, 180, 300)


def _muxed(shown: Film, sound_late: float = 0.0, without: range = range(0)) -> Claps:
    """The film as a WebM, in whose place the finding is tested."""
    file = io.BytesIO()
    with av.open(file, "w", "webm") as container:
        video = container.add_stream("libvpx", FRAMES_A_SECOND, width=320, height=180)
        audio = container.add_stream("libopus", RATE)
        packets = []
        for number, payloads in enumerate(shown.pictures):
            data = b"".join(payload[1:] for payload in payloads)
            packets.append((number / FRAMES_A_SECOND, video, data, number == 0))
        for number, data in enumerate(shown.sounds):
            packets.append((number * SOUND_MS / 1000 + sound_late, audio, data, True))
        for at, stream, data, key in sorted(packets, key=lambda entry: entry[0]):
            if int(at * 1000) in without:
                continue
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = round(at * 1000)
            packet.is_keyframe = key
            container.mux(packet)
    return claps_in(io.BytesIO(file.getvalue()))


def test_claps_of_a_film_are_found_where_they_are(shown: Film) -> None:
    claps = _muxed(shown)
    assert percentile([flash - place for place, flash in enumerate(claps.flashes)], 100) < 0.04
    assert percentile([beep - place for place, beep in enumerate(claps.beeps)], 100) < 0.04
    assert len(claps.flashes) == len(claps.beeps) == SECONDS
    assert len(claps.pictures) > 0.9 * SECONDS * FRAMES_A_SECOND
    assert abs(claps.lag()) < 0.005


def test_claps_sound_that_is_late_is_seen_to_be(shown: Film) -> None:
    straight, late = _muxed(shown), _muxed(shown, sound_late=0.1)
    assert 0.09 < percentile(late.beeps_off(straight), 50) < 0.11
    assert percentile(late.lags(straight), 95) < 0.005


def test_claps_a_hole_stays_a_hole(shown: Film) -> None:
    whole, holed = _muxed(shown), _muxed(shown, without=range(1200, 1900))
    assert [at for at, _ in whole.pictures if 1.2 < at < 1.9]
    assert not [at for at, _ in holed.pictures if 1.2 < at < 1.9]
    assert percentile([at - drawn / 1000 for at, drawn in holed.pictures], 95) < 0.005
    assert percentile([beep - place for place, beep in enumerate(holed.beeps)], 100) < 0.04
    assert whole.heard_until == pytest.approx(holed.heard_until, abs=0.05)


def test_part_written_by_hand_opens_again_and_no_flipped_bit_does(shown: Film) -> None:
    identity = pyrage.x25519.Identity.generate()
    stream = Stream(str(identity.to_public()))
    part = part_of("recording", stream, shown, 0, 1_700_000_000_000_000, "ab")
    sealed = part.sealed(MAC, stream.recipient)
    assert opened(sealed, identity, MAC) == part
    with pytest.raises(AssertionError, match="MAC"):
        opened(sealed, identity, bytes(32))
    for place in range(0, len(sealed), len(sealed) // 20):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises((pyrage.DecryptError, ValueError)):
            opened(bytes(changed), identity, MAC)
