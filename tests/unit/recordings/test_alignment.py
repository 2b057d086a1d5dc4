"""Time stamps to time: delay that passes moves nothing, a clock that drifts or jumps is followed, lies have no say."""

import random

import pytest

from recordings.assembly.alignment import bases, shift
from recordings.assembly.rtp import Packet, Sorter, unwrapped


def test_base_of_a_steady_clock_is_its_least_distance() -> None:
    dice = random.Random(1)
    least = [5_000_000 + dice.random() * 8_000 for _ in range(600)]
    assert max(bases(least)) - min(bases(least)) <= 10_000
    assert bases([]) == []
    assert bases([7.0]) == [7.0]


def test_delay_that_passes_moves_nothing() -> None:
    least = [0.0] * 20 + [900_000.0] * 15 + [0.0] * 20
    assert bases(least) == [0.0] * 55


@pytest.mark.parametrize("step", [2_000_000.0, -2_000_000.0])
def test_clock_that_jumps_is_followed_from_there_on(step: float) -> None:
    assert bases([0.0] * 30 + [step] * 30) == [0.0] * 30 + [step] * 30


@pytest.mark.parametrize("slope", [100.0, -100.0])
def test_clock_that_drifts_is_followed_within_the_deadband(slope: float) -> None:
    least = [slope * second for second in range(3600)]
    found = bases(least)
    assert max(abs(a - b) for a, b in zip(found, least, strict=True)) <= 10_000 + 3 * abs(slope)
    assert len(set(found)) < 60


def test_one_packet_that_lies_moves_its_own_piece_only() -> None:
    least = [0.0] * 50
    least[20] = -1e12
    assert [value for value in bases(least) if value] == [-1e12]


def test_shift_brings_the_camera_in_step_with_the_voice() -> None:
    # The camera's packets come 80 ms later than the voice's for the same moment of the sender's clock.
    assert shift([(100.0, 5.0)] * 3, [(80_000.0 + 100, 5.0)] * 3) == -80_000.0
    assert shift([], [(1.0, 1.0)]) == shift([(1.0, 1.0)], []) == 0.0


def test_reports_that_contradict_the_arrivals_have_no_say() -> None:
    assert shift([(0.0, 0.0)], [(0.0, 3_600_000_000.0)]) == 0.0


@pytest.mark.parametrize(("value", "near", "found"), [(2, 65_535, 65_538), (65_535, 65_538, 65_535), (5, 5, 5)])
def test_number_unwraps_to_the_nearest(value: int, near: int, found: int) -> None:
    assert unwrapped(value, near, 16) == found


def sorted_numbers(numbers: list[int], arrivals: list[int] | None = None) -> tuple[list[int], Sorter]:
    sorter, found = Sorter(), []
    for number, arrival in zip(numbers, arrivals or [0] * len(numbers), strict=True):
        place = sorter.place_of(number & 0xFFFF)
        sent = (0, False, b"", 0.0)
        ready = [Packet(place, *sent)] if place is not None else sorter.push(number & 0xFFFF, sent, arrival)
        found += [packet.number for packet in ready]
    return found + [packet.number for packet in sorter.flush()], sorter


def test_packets_out_of_order_and_doubled_come_out_once_in_order_over_the_wrap() -> None:
    dice = random.Random(2)
    numbers = list(range(65_000, 66_500))
    shaken = sorted(
        [*numbers, *dice.sample(numbers[1:], 300)], key=lambda n: n + (dice.random() * 20 if n > 65_000 else 0)
    )
    found, sorter = sorted_numbers(shaken)
    assert found == numbers
    assert sorter.lost == 0


def test_missing_packet_is_waited_for_a_second_and_then_lost() -> None:
    numbers = [1, 2, 4, 5, 6, 3]
    assert sorted_numbers(numbers, [0, 0, 0, 1, 2, 900_000])[0] == [1, 2, 3, 4, 5, 6]
    found, sorter = sorted_numbers(numbers, [0, 0, 0, 1, 1_000_001, 1_000_002])
    assert (found, sorter.lost) == ([1, 2, 4, 5, 6], 1)


def test_sender_that_counts_anew_is_followed_and_a_stray_is_not() -> None:
    found, _ = sorted_numbers([1, 2, 30_000, 3, 4, 40_000, 40_001, 40_002])
    assert [number & 0xFFFF for number in found] == [1, 2, 3, 4, 40_001, 40_002]
    assert found == sorted(found)
