"""Renumbering: whatever the sender and the room do, one number towards one receiver never carries two contents."""

from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.renumber import FIRST_OUT_LIMIT, HISTORY, MAX_JUMP, Renumbering

SRTP_WINDOW = 1024  # older packets never get past the sender's own SRTP

steps = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 400)),
    st.tuples(st.just("lose"), st.integers(1, 1500)),
    st.tuples(st.just("withhold"), st.integers(1, 60)),
    st.tuples(st.just("late"), st.integers(0, 300)),
    st.tuples(st.just("again"), st.integers(0, 700)),
    st.tuples(st.just("reserve"), st.integers(1, 30)),
    st.tuples(st.just("pause"), st.integers(1, 200_000) | st.integers(65_200, 65_900) | st.integers(131_000, 131_200)),
)


class Numbers(Protocol):
    def forward(self, number: int) -> int: ...
    def withhold(self, number: int) -> None: ...
    def pause(self) -> None: ...
    def reserve(self) -> int: ...
    def back(self, out: int) -> int: ...


class PassThrough:
    """What a relay without renumbering does."""

    def forward(self, number: int) -> int:
        return number

    def withhold(self, number: int) -> None:
        pass

    def pause(self) -> None:
        pass

    def reserve(self) -> int:
        return 0

    def back(self, out: int) -> int:
        return out


class Visit:
    """A sender whose every packet has content of its own, and a receiver's SRTP, which counts as RFC 3711 says."""

    def __init__(self, numbers: Numbers, first: int) -> None:
        self.numbers = numbers
        self.next = first
        self.own = 0  # contents of the relay's own packets count downwards
        self.lost: list[int] = []
        self.index: int | None = None
        self.contents: dict[int, int] = {}
        self.order: list[int] = []

    def run(self, plan: list[tuple[str, int]]) -> None:
        for kind, count in plan:
            getattr(self, kind)(count)

    def send(self, count: int) -> None:
        for _ in range(count):
            self._deliver(self.next)
            self.next += 1

    def lose(self, count: int) -> None:
        self.lost += range(self.next, self.next + count)
        self.next += count

    def withhold(self, count: int) -> None:
        for _ in range(count):
            assert self.numbers.withhold(self.next & 0xFFFF) in (-1, None)
            self.next += 1

    def late(self, which: int) -> None:
        if self.lost:
            self._overtaken(self.lost.pop(-1 - which % len(self.lost)))

    def again(self, age: int) -> None:
        self._overtaken(self.next - 1 - age)

    def pause(self, count: int) -> None:
        self.numbers.pause()
        self.next += count

    def reserve(self, count: int) -> None:
        """Packets of the relay's own, in a pause."""
        self.numbers.pause()
        for _ in range(count):
            self.own -= 1
            index = self._srtp_index(self.numbers.reserve())
            assert self.contents.setdefault(index, self.own) == self.own, "one number carried two contents"

    def _overtaken(self, content: int) -> None:
        if content >= 0 and self.next - content < SRTP_WINDOW:
            self._deliver(content)

    def _deliver(self, content: int) -> None:
        out = self.numbers.forward(content & 0xFFFF)
        if out < 0:
            return
        index = self._srtp_index(out)
        assert self.contents.setdefault(index, content) == content, "one number carried two contents"
        self.order.append(index)

    def _srtp_index(self, out: int) -> int:
        if self.index is None:
            self.index = out
            return out
        index = self.index + ((out - self.index + 0x8000) & 0xFFFF) - 0x8000
        self.index = max(self.index, index)
        return index


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=25), st.integers(0, 200_000), st.integers(0, FIRST_OUT_LIMIT - 1))
def test_number_under_pause_drop_and_wrap_never_carries_two_contents(
    plan: list[tuple[str, int]], first: int, first_out: int
) -> None:
    visit = Visit(Renumbering(first_out), first)
    visit.run(plan)
    assert all(first_out <= index for index in visit.contents)


@pytest.mark.parametrize("away", [65_536 - 300, 65_536 - 100, 131_072 - 200])
def test_property_fails_for_numbers_passed_through(away: int) -> None:
    plan = [("send", 300), ("pause", away), ("send", 300)]
    Visit(Renumbering(5), 40_000).run(plan)
    with pytest.raises(AssertionError, match="two contents"):
        Visit(PassThrough(), 40_000).run(plan)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=20), st.integers(0, 70_000))
def test_number_maps_back_to_the_content_it_carried_or_to_nothing(plan: list[tuple[str, int]], first: int) -> None:
    numbers = Renumbering(9)
    visit = Visit(numbers, first)
    visit.run([*plan, ("send", 3)])
    for index, content in visit.contents.items():
        back = numbers.back(index & 0xFFFF)
        recent = max(visit.contents) - index < 0x8000
        assert not recent or back in (-1, content & 0xFFFF)
    newest = max(visit.contents)
    assert numbers.back(newest & 0xFFFF) == visit.contents[newest] & 0xFFFF


in_order = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 90)),
    st.tuples(st.just("withhold"), st.integers(1, 9)),
    st.tuples(st.just("pause"), st.integers(1, 70_000)),
)


@given(st.lists(in_order, max_size=20))
def test_packets_withheld_leave_no_hole(plan: list[tuple[str, int]]) -> None:
    visit = Visit(Renumbering(0), 65_000)
    visit.run(plan)
    assert visit.order == list(range(len(visit.order)))


def test_loss_coming_up_stays_visible_as_loss() -> None:
    visit = Visit(Renumbering(0), 10)
    visit.run([("send", 2), ("lose", 3), ("send", 1)])
    assert visit.order == [0, 1, 5]


def test_late_packet_takes_the_number_kept_for_it_once() -> None:
    numbers = Renumbering(100)
    assert [numbers.forward(n) for n in (7, 8, 10)] == [100, 101, 103]
    assert numbers.forward(9) == 102
    assert numbers.forward(9) == -1


def test_late_packet_that_was_withheld_is_refused() -> None:
    numbers = Renumbering(0)
    numbers.forward(1)
    numbers.withhold(2)
    assert numbers.forward(4) == 2
    assert numbers.forward(2) == -1
    assert numbers.forward(3) == 1


def test_far_jump_goes_on_without_a_hole() -> None:
    numbers = Renumbering(0)
    numbers.forward(1)
    assert numbers.forward(2 + MAX_JUMP + 1) == 1


def test_number_out_of_history_maps_to_nothing() -> None:
    numbers = Renumbering(0)
    for number in range(HISTORY + 1):
        numbers.forward(number)
    assert numbers.back(0) == -1
    assert numbers.back(1) == 1


def test_nothing_maps_back_across_a_pause() -> None:
    numbers = Renumbering(0)
    numbers.forward(5)
    numbers.pause()
    assert numbers.back(0) == -1
    numbers.forward(5)
    assert numbers.back(0) == -1


def test_first_number_above_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        Renumbering(FIRST_OUT_LIMIT)


def test_withheld_packet_that_comes_late_fills_the_hole_it_had_left() -> None:
    numbers = Renumbering(10)
    assert [numbers.forward(number) for number in (1, 2)] == [10, 11]
    assert numbers.forward(4) == 13  # 3 is missing: whether it was to be withheld nobody can know
    assert numbers.withhold(5) == -1
    assert numbers.withhold(3) == 12
    assert numbers.withhold(3) == -1
    assert numbers.forward(6) == 14


def test_number_is_reserved_in_a_pause_only() -> None:
    numbers = Renumbering(10)
    assert numbers.reserve() == 10
    assert numbers.forward(500) == 11
    with pytest.raises(ValueError, match="between packets"):
        numbers.reserve()
    numbers.pause()
    assert numbers.reserve() == 12
    assert numbers.back(12) == -1
    assert numbers.forward(501) == 13
    assert numbers.back(12) == -1
