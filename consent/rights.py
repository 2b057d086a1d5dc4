"""When a right to agree for somebody counts. Pure: dates in, a yes or no out; no clock and no database."""

import datetime as dt
from typing import Protocol

CHILD = "child"


class Right(Protocol):
    """What of a ConsentRight says when it counts."""

    basis: str
    starts_on: dt.date
    ends_on: dt.date | None
    withdrawn_at: dt.datetime | None


def comes_of_age(birth_date: dt.date, majority: int) -> dt.date:
    """The birthday from which on people agree for themselves; who was born on 29 February has it on 1 March."""
    year = birth_date.year + majority
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return dt.date(year, 3, 1)


def is_child(birth_date: dt.date, majority: int, on: dt.date) -> bool:
    return on < comes_of_age(birth_date, majority)


def last_day(right: Right, birth_date: dt.date, majority: int) -> dt.date | None:
    """The last day on which it counts, if nobody withdraws it; None: there is none."""
    if right.basis != CHILD:
        return right.ends_on
    as_child = comes_of_age(birth_date, majority) - dt.timedelta(days=1)
    return as_child if right.ends_on is None else min(as_child, right.ends_on)


def counts(right: Right, birth_date: dt.date, majority: int, on: dt.date) -> bool:
    """Whether it counts on that day."""
    if right.withdrawn_at is not None or on < right.starts_on:
        return False
    last = last_day(right, birth_date, majority)
    return last is None or on <= last
