"""What a bad line does to packets: fates by seed, order, rate, and how a person types them."""

import itertools
from dataclasses import asdict

import pytest

from tests.faults.core import Faults, Line, Streams, is_media

ALL = Faults(loss=0.1, delay=0.03, jitter=0.05, reorder=0.1, duplicate=0.05)


def fates(faults: Faults, seed: object, packets: int = 1000) -> list[tuple[float, ...]]:
    """When each of so many packets, 10 ms apart, leaves the line."""
    line = Line(faults, seed)
    return [line.schedule(100, number * 0.01) for number in range(packets)]


def test_perfect_line_passes_every_packet_at_once() -> None:
    assert fates(Faults(), 1) == [(number * 0.01,) for number in range(1000)]


def test_fates_are_the_seeds() -> None:
    assert fates(ALL, 1) == fates(ALL, 1)
    assert fates(ALL, 1) != fates(ALL, 2)


def test_one_fault_switched_on_does_not_move_another() -> None:
    lost = [not leaves for leaves in fates(Faults(loss=0.1), 3)]
    assert [not leaves for leaves in fates(ALL, 3)] == lost
    assert 60 < sum(lost) < 140


def test_changed_faults_leave_later_fates_alone() -> None:
    line, other = Line(Faults(loss=0.1), 4), Line(Faults(loss=0.1), 4)
    other.faults = Faults(blackout=True)
    for _ in range(100):
        line.schedule(100, 0.0)
        assert other.schedule(100, 0.0) == ()
    other.faults = line.faults
    assert [line.schedule(9, 1.0) for _ in range(200)] == [other.schedule(9, 1.0) for _ in range(200)]
    assert other.counts.blacked_out == 100


def test_jitter_delays_but_keeps_the_order() -> None:
    leaves = [at for (at,) in fates(Faults(delay=0.03, jitter=0.2), 5)]
    assert leaves == sorted(leaves)
    late = [at - number * 0.01 for number, at in enumerate(leaves)]
    assert min(late) >= 0.03 - 1e-9
    assert max(late) > 0.15


def test_reordered_packet_is_overtaken() -> None:
    line = Line(Faults(reorder=0.1, hold=0.025), 6)
    leaves = [line.schedule(100, number * 0.01)[0] for number in range(1000)]
    overtaken = sum(later < earlier for earlier, later in itertools.pairwise(leaves))
    assert overtaken > 40
    assert line.counts.reordered >= overtaken


def test_duplicates_leave_twice() -> None:
    twice = [leaves for leaves in fates(Faults(duplicate=0.2), 7) if len(leaves) == 2]
    assert 140 < len(twice) < 260


def test_rate_spaces_packets_and_a_full_queue_drops() -> None:
    line = Line(Faults(rate=64_000, queue=0.1), 8)
    leaves = [line.schedule(800, 0.0) for _ in range(5)]
    assert leaves == [(0.1,), (0.2,), (), (), ()]
    assert line.schedule(800, 0.2) == (pytest.approx(0.3),)
    assert asdict(line.counts) == {
        "passed": 3, "lost": 0, "overflowed": 3, "blacked_out": 0, "reordered": 0, "duplicated": 0,
    }  # fmt: skip


def test_faults_are_read_as_a_person_types_them() -> None:
    faults = Faults(delay=0.01).read("loss=0.05, rate=64000 blackout=on")
    assert faults == Faults(delay=0.01, loss=0.05, rate=64000, blackout=True)
    assert faults.read("blackout=off").blackout is False


@pytest.mark.parametrize("words", ["speed=1", "loss=2", "delay=-1", "loss=much", "loss"])
def test_faults_that_cannot_be_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Faults().read(words)


def test_streams_keep_the_longest_silence_and_count_one_that_lasts() -> None:
    streams = Streams()
    voice, picture = (bytes([128, kind]) + bytes(6) + b"ssrc" for kind in (111, 96))
    for at in (10.0, 10.1, 10.4, 10.5):
        streams.saw("down", voice, at)
    streams.saw("down", picture, 10.5)
    streams.saw("down", b"\x80\xc9" + voice[2:], 10.5)
    told = streams.read(10.6)
    assert [(each["payload"], each["packets"], each["longest_ms"]) for each in told] == [
        (111, 4, 300.0),
        (96, 1, 100.0),
    ]
    streams.saw("down", voice, 12.1)
    assert [(each["packets"], each["longest_ms"]) for each in streams.read(12.2)] == [(1, 1600.0), (0, 1700.0)]
    assert [each["payload"] for each in streams.read(12.3)] == [111]


def test_media_is_told_from_reports_and_checks() -> None:
    assert is_media(b"\x80\x60" + bytes(10))
    assert is_media(b"\x90\xef" + bytes(10))
    for other in (b"\x80\xc8" + bytes(10), b"\x00\x01" + bytes(18), b"\x16\xfe\xfd" + bytes(10), b"\x80\x60", b""):
        assert not is_media(other)
