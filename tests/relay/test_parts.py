"""The bytes of a part: what stands in its header, that its records come back, and that only its recipient opens it."""

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.parts import RTP, SENDER_REPORT, Gap, Part, Stream, TrackLine, Wall, plain_text, seal, tag
from tests.relay.recorded import IDENTITY, MAC, RECIPIENT, RECORDING, open_part, stream_of

STREAM = Stream(RECORDING, stream_of("x"), RECIPIENT, MAC)
TRACKS = (TrackLine(0, "audio", 11), TrackLine(1, "camera", 12), TrackLine(2, "screen", 13))
WALL = Wall(1_800_000_000_000_000, 100.0)


def part_of(arrivals: list[object], gaps: tuple[Gap, ...] = ()) -> Part:
    return Part(STREAM, "ab12", 100.5, 101.25, TRACKS, gaps, arrivals, 0)


def written(part: Part, number: int = 7) -> bytes:
    return seal(plain_text(part, number, part.gaps, WALL), RECIPIENT)


def test_header_says_whose_part_it_is_and_when() -> None:
    opened = open_part(written(part_of([], (Gap(99.0, 100.0, "lease"),))))
    start = 1_800_000_000_000_000
    assert opened.header == {
        "format": 1,
        "recording": RECORDING,
        "stream": STREAM.stream,
        "number": 7,
        "run": "ab12",
        "began": start + 500_000,
        "ended": start + 1_250_000,
        "tracks": [
            {"track": 0, "source": "audio", "ssrc": 11, "codec": "opus", "clock": 48000},
            {"track": 1, "source": "camera", "ssrc": 12, "codec": "vp8", "clock": 90000},
            {"track": 2, "source": "screen", "ssrc": 13, "codec": "vp8", "clock": 90000},
        ],
        "gaps": [{"from": start - 1_000_000, "to": start, "why": "lease"}],
    }


packet_of = st.tuples(
    st.integers(0, 2), st.sampled_from([RTP, SENDER_REPORT]), st.floats(100.5, 101.5), st.binary(max_size=40)
)


@given(st.lists(packet_of, max_size=20))
def test_records_come_back_as_they_arrived(came: list[tuple[int, int, float, bytes]]) -> None:
    arrivals: list[object] = []
    for track, kind, at, packet in came:
        arrivals += (tag(track, kind), at, packet)
    opened = open_part(written(part_of(arrivals)))
    assert [(record.source, record.kind, record.packet) for record in opened.records] == [
        (TRACKS[track].source, kind, packet) for track, kind, _, packet in came
    ]
    for record, (_, _, at, _) in zip(opened.records, came, strict=True):
        assert abs(record.at - WALL.micros(at)) <= 1


def test_part_opens_for_nobody_but_its_recipient() -> None:
    sealed = written(part_of([tag(0, RTP), 100.6, b"voice of somebody"]))
    assert b"voice" not in sealed
    assert STREAM.stream.encode() not in sealed
    assert open_part(sealed, IDENTITY).records[0].packet == b"voice of somebody"
    with pytest.raises(pyrage.DecryptError):
        open_part(sealed, pyrage.x25519.Identity.generate())


def test_part_of_another_recording_does_not_prove_itself() -> None:
    sealed = written(part_of([]))
    with pytest.raises(AssertionError):
        open_part(sealed, mac=bytes(32))


@pytest.mark.parametrize("at", range(0, 300, 7))
def test_flipped_bit_is_found(at: int) -> None:
    sealed = bytearray(written(part_of([tag(0, RTP), 100.6, b"voice"])))
    sealed[at] ^= 1
    with pytest.raises((pyrage.DecryptError, AssertionError)):
        open_part(bytes(sealed))
