"""Whether a practitioner's licences hold where somebody is. Pure: rows in, a word out, which warns and never blocks."""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum

from accounts.models import Licence
from accounts.regions import country_of


class Held(StrEnum):
    """How a place stands to the licences of who treats there."""

    COVERED = "covered"
    UNKNOWN = "unknown"
    """Nobody has said where the patient is, or of no licence of this practitioner anything is kept."""
    ENDED = "ended"
    """There is one for that place; it does not count on that day."""
    NONE = "none"


def held_against(licences: Iterable[Licence], region: str, day: dt.date) -> Held:
    """A licence for a country holds in its parts; one for a part holds there only."""
    kept = list(licences)
    if not region or not kept:
        return Held.UNKNOWN
    there = [one for one in kept if one.region in (region, country_of(region))]
    if any(one.is_valid_on(day) for one in there):
        return Held.COVERED
    return Held.ENDED if there else Held.NONE
