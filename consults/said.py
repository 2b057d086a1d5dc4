"""What somebody says of themself at the door: where they are, how to reach them, whom to call in an emergency."""

from dataclasses import dataclass, fields

from django.utils.translation import gettext as _

from accounts.regions import is_region
from consults.models import Arrival, Encounter
from core.errors import Invalid

LONGEST_PLACE = 200
LONGEST_PHONE = 40
LONGEST_NAME = 80
FEWEST_DIGITS = 3


@dataclass(frozen=True)
class Said:
    """As it was said; `region` is an ISO 3166 code of a country or of a part of one."""

    place: str
    callback_phone: str
    region: str = ""
    emergency_name: str = ""
    emergency_phone: str = ""

    def onto(self, row: Encounter | Arrival) -> None:
        """Write it into the row; saving is the caller's part."""
        for name in FIELDS:
            setattr(row, name, getattr(self, name))


FIELDS = tuple(one.name for one in fields(Said))


def said_in(row: Encounter | Arrival) -> Said:
    return Said(**{name: getattr(row, name) for name in FIELDS})


def checked(said: Said) -> Said:
    """The same, tidy. Raises Invalid with the field for what cannot be used."""
    tidy = Said(**{name: " ".join(getattr(said, name).split()) for name in FIELDS})
    if not 1 <= len(tidy.place) <= LONGEST_PLACE or "\x00" in tidy.place:
        raise Invalid(_("Tell us where you are now, in up to 200 letters."), code="visit.place", field="place")
    if not _is_phone(tidy.callback_phone):
        raise Invalid(_("Give a number that we can call."), code="visit.phone", field="callback_phone")
    if tidy.region and not is_region(tidy.region):
        raise Invalid(_("Choose the country from the list."), code="visit.region", field="region")
    if len(tidy.emergency_name) > LONGEST_NAME or "\x00" in tidy.emergency_name:
        raise Invalid(_("Say the name in up to 80 letters."), code="visit.emergency", field="emergency_name")
    if (tidy.emergency_name or tidy.emergency_phone) and not _is_phone(tidy.emergency_phone):
        words = _("Give a number at which we can call them.")
        raise Invalid(words, code="visit.emergency", field="emergency_phone")
    return tidy


def _is_phone(phone: str) -> bool:
    return len(phone) <= LONGEST_PHONE and "\x00" not in phone and sum(map(str.isdigit, phone)) >= FEWEST_DIGITS
