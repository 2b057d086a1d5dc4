"""The parts of the film: what a decoder may be given, where everybody stands, sound without holes."""

import io
import struct

import av
import pytest
from av.audio.frame import AudioFrame
from hypothesis import given
from hypothesis import strategies as st

from recordings.mixing import layout, vp8
from recordings.mixing.layout import Box
from recordings.mixing.mix import mix
from recordings.mixing.sound import CHUNK, RATE, Mixer, Track, silence
from recordings.mixing.sources import Source
from tests.films import film


def key_frame(width: int, height: int) -> bytes:
    return b"\x10\x02\x00\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + bytes(20)


INTER = b"\x11\x02\x00" + bytes(20)


@pytest.mark.parametrize(
    ("size", "is_let_in"),
    [((1280, 720), True), ((1920, 1200), True), ((2560, 1600), True), ((2560, 1602), False), ((16383, 16383), False),
     ((16383, 16), False), ((0, 720), False), ((1280, 0), False)],
)  # fmt: skip
def test_key_frame_is_let_in_by_the_size_it_claims(size: tuple[int, int], is_let_in: bool) -> None:
    assert vp8.Gate().admits(key_frame(*size)) == is_let_in


def test_frames_after_a_refused_key_frame_wait_for_the_next_good_one() -> None:
    gate = vp8.Gate()
    frames = [INTER, key_frame(320, 180), INTER, key_frame(16383, 16383), INTER, key_frame(320, 180), INTER]
    assert [gate.admits(frame) for frame in frames] == [False, True, True, False, False, True, True]
    assert gate.refused == 3
    gate.shut()
    assert not gate.admits(INTER)


@pytest.mark.parametrize("frame", [b"", b"\x10", b"\x10\x02\x00", key_frame(320, 180)[:9], b"\x10" + bytes(30)])
def test_frame_that_is_cut_or_unmarked_is_refused(frame: bytes) -> None:
    assert not vp8.Gate().admits(frame)


@given(count=st.integers(1, 12), width=st.integers(160, 1280), height=st.integers(160, 720))
def test_places_are_even_apart_and_inside(count: int, width: int, height: int) -> None:
    area = Box(0, 0, layout.even(width), layout.even(height))
    places = layout.grid(area, count)
    assert len(places) == count
    taken: set[tuple[int, int]] = set()
    for place in places:
        assert not any(number % 2 for number in (place.x, place.y, place.width, place.height))
        assert place.x + place.width <= area.width
        assert place.y + place.height <= area.height
        assert (place.x, place.y) not in taken
        taken.add((place.x, place.y))


def test_two_people_stand_side_by_side() -> None:
    left, right = layout.grid(Box(0, 0, 1280, layout.HEIGHT_OF_TWO), 2)
    assert (left.width, right.x, left.y, right.y) == (640, 640, 0, 0)


@given(width=st.integers(1, 4000), height=st.integers(1, 4000))
def test_fitted_picture_stays_inside_its_place(width: int, height: int) -> None:
    box = Box(10, 20, 640, 360)
    inside = layout.fitted(box, width, height)
    assert box.x <= inside.x
    assert box.y <= inside.y
    assert inside.x + inside.width <= box.x + max(2, box.width)
    assert inside.y + inside.height <= box.y + max(2, box.height)


def loud(samples: int, level: float) -> AudioFrame:
    frame = silence(samples)
    frame.planes[0].update(struct.pack(f"{samples}f", *[level] * samples))
    return frame


def levels(frame: AudioFrame) -> tuple[float, ...]:
    return struct.unpack(f"{frame.samples}f", bytes(frame.planes[0])[: frame.samples * 4])


def test_hole_in_a_voice_is_silence_of_its_length() -> None:
    track = Track()
    track.put(loud(CHUNK, 0.5), 0)
    track.put(loud(CHUNK, 0.5), 1000)
    heard = levels(track.take(RATE + CHUNK))
    assert set(heard[:CHUNK]) == set(heard[RATE:]) == {0.5}
    assert set(heard[CHUNK:RATE]) == {0.0}


def test_small_difference_of_stamps_is_no_hole() -> None:
    track = Track()
    for number in range(3):
        track.put(loud(CHUNK, 0.5), number * 20 + (3, 0, 7)[number])
    assert set(levels(track.take(3 * CHUNK))) == {0.5}


def test_sound_that_was_there_already_is_left_out() -> None:
    track = Track()
    track.put(loud(RATE, 0.5), 0)
    track.put(loud(CHUNK, 0.9), 100)
    assert set(levels(track.take(RATE))) == {0.5}


def test_voices_are_added() -> None:
    tracks = [Track(), Track()]
    for track in tracks:
        track.put(loud(CHUNK * 10, 0.2), 0)
    mixer = Mixer(tracks)
    parts = [levels(mixer.take()) for _ in range(10)]
    assert parts[5][0] == pytest.approx(0.4, abs=0.02)


def test_sum_of_voices_is_never_too_loud() -> None:
    tracks = [Track(), Track(), Track()]
    for track in tracks:
        track.put(loud(CHUNK * 10, 0.9), 0)
    mixer = Mixer(tracks)
    assert max(max(levels(mixer.take())) for _ in range(10)) <= 1.0


def _mixed(kind: str, *sources: Source, duration_ms: int) -> bytes:
    target = io.BytesIO()
    mix(sources=sources, output=target, kind=kind, duration_ms=duration_ms, tell=lambda done: None)
    return target.getvalue()


def brightness(content: bytes, at: float, x: int, y: int) -> int:
    """Of one point of the picture at one moment."""
    with av.open(io.BytesIO(content)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= at:
                return bytes(frame.planes[0])[y * frame.planes[0].line_size + x]
    raise AssertionError("The film ends before.")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "codecs"), [("webm", {"vp8", "opus"}), ("mp4", {"h264", "aac"})])
def test_film_has_both_side_by_side_in_step(kind: str, codecs: set[str]) -> None:
    left = Source(io.BytesIO(film(seconds=2, luma=60, claps=(1.0,))), kind="person", offset_ms=0)
    right = Source(io.BytesIO(film(seconds=2, luma=160, tone=660)), kind="person", offset_ms=500)
    content = _mixed(kind, left, right, duration_ms=2500)
    with av.open(io.BytesIO(content)) as container:
        assert {stream.codec_context.name for stream in container.streams} == codecs
        assert container.duration == pytest.approx(2_500_000, abs=60_000)
    assert brightness(content, 0.2, 320, 240) == pytest.approx(60, abs=12)
    assert brightness(content, 0.2, 960, 240) < 40
    assert brightness(content, 1.05, 320, 240) > 200
    assert brightness(content, 0.8, 960, 240) == pytest.approx(160, abs=12)


@pytest.mark.slow
def test_screen_moves_the_people_aside_and_back() -> None:
    person = Source(io.BytesIO(film(seconds=2, luma=60)), kind="person", offset_ms=0)
    shown = film(seconds=1, luma=200, sound=False)
    screen = Source(io.BytesIO(shown), kind="screen", offset_ms=500, absences=[(1500, 10**9)])
    content = _mixed("webm", person, screen, duration_ms=2000)
    assert brightness(content, 0.2, 640, 360) == pytest.approx(60, abs=12)
    assert brightness(content, 1.0, 480, 360) == pytest.approx(200, abs=12)
    assert brightness(content, 1.0, 1120, 360) == pytest.approx(60, abs=12)
    assert brightness(content, 1.8, 640, 360) == pytest.approx(60, abs=12)


@pytest.mark.slow
def test_absent_person_leaves_no_picture_behind() -> None:
    person = Source(io.BytesIO(film(seconds=2, luma=160)), kind="person", offset_ms=0, absences=[(1000, 1500)])
    content = _mixed("webm", person, duration_ms=2000)
    assert brightness(content, 0.5, 640, 360) == pytest.approx(160, abs=12)
    assert brightness(content, 1.2, 640, 360) < 40
    assert brightness(content, 1.8, 640, 360) == pytest.approx(160, abs=12)
