"""When a right to agree for somebody counts: birthdays, first and last days, and what nobody may outlive."""

import datetime as dt
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from consent.rights import comes_of_age, counts, is_child, last_day

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))
BIRTHS = st.dates(dt.date(1990, 1, 1), dt.date(2040, 12, 31))
AGES = st.integers(14, 25)
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Right:
    basis: str
    starts_on: dt.date
    ends_on: dt.date | None = None
    withdrawn_at: dt.datetime | None = None


rights = st.builds(Right, st.sampled_from(["child", "deed"]), DAYS, st.none() | DAYS)


def test_child_comes_of_age_on_the_birthday_and_of_29_february_on_1_march() -> None:
    assert comes_of_age(dt.date(2010, 5, 3), 18) == dt.date(2028, 5, 3)
    assert comes_of_age(dt.date(2008, 2, 29), 18) == dt.date(2026, 3, 1)
    assert comes_of_age(dt.date(2008, 2, 29), 20) == dt.date(2028, 2, 29)


def test_right_over_a_child_ends_on_the_day_before_the_birthday_whatever_was_said() -> None:
    born, right = dt.date(2010, 5, 3), Right("child", dt.date(2020, 1, 1), dt.date(2050, 1, 1))
    assert last_day(right, born, 18) == dt.date(2028, 5, 2)
    assert counts(right, born, 18, dt.date(2028, 5, 2))
    assert not counts(right, born, 18, dt.date(2028, 5, 3))
    assert counts(replace(right, basis="deed"), born, 18, dt.date(2028, 5, 3))


@given(rights, BIRTHS, AGES, DAYS)
def test_right_counts_within_its_days_and_never_for_somebody_of_age_as_a_child(
    right: Right, born: dt.date, age: int, day: dt.date
) -> None:
    found = counts(right, born, age, day)
    within = right.starts_on <= day and (right.ends_on is None or day <= right.ends_on)
    assert found == (within and (right.basis == "deed" or is_child(born, age, day)))
    assert not counts(replace(right, withdrawn_at=NOON), born, age, day)


@given(rights, BIRTHS, AGES, DAYS, st.integers(0, 2_000))
def test_right_that_has_ended_never_comes_back(right: Right, born: dt.date, age: int, day: dt.date, later: int) -> None:
    if day >= right.starts_on and not counts(right, born, age, day):
        assert not counts(right, born, age, day + dt.timedelta(days=later))
    last = last_day(right, born, age)
    if last is not None and last >= right.starts_on:
        assert counts(right, born, age, last)
        assert not counts(right, born, age, last + dt.timedelta(days=1))


@given(BIRTHS, AGES)
def test_nobody_comes_of_age_before_so_many_years(born: dt.date, age: int) -> None:
    day = comes_of_age(born, age)
    assert (day.year - born.year, day >= born) == (age, True)
    assert (day.month, day.day) in {(born.month, born.day), (3, 1)}
