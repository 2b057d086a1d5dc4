"""Forms of the staff appointment pages: they turn typed words into types; whether a time is free, the service says."""

import datetime as dt
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

LENGTHS = (10, 15, 20, 30, 45, 60, 90)
# Near the ends of the calendar a day has no next one, and no hour in another zone.
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
NO_DAY = _("Enter a day that is in the calendar")
IN_CALENDAR = (MinValueValidator(EARLIEST, NO_DAY), MaxValueValidator(LATEST, NO_DAY))


def read_instant(text: str) -> dt.datetime | None:
    """An instant with its offset, in UTC; None for what is none, or lies where the calendar ends."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.astimezone(dt.UTC) if instant.tzinfo is not None and 1970 <= instant.year <= LATEST.year else None


class PatientChoice(forms.ModelChoiceField):
    """Name first, so that typing finds it; the birth date tells two people of one name apart."""

    def label_from_instance(self, obj: Any) -> str:
        born = format_date(obj.birth_date, pgettext("day, in Django's letters", "j F Y"))
        names = {"family": obj.family_name, "given": obj.given_name, "day": born}
        return gettext("%(family)s, %(given)s (born %(day)s)") % names


class PractitionerChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.display_name}, {obj.specialty}" if obj.specialty else str(obj.display_name)


class SeenForm(forms.Form):
    """The number of a visit as a page showed it: one that was changed since is asked about anew."""

    sequence = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    @property
    def seen(self) -> int | None:
        number: int | None = self.cleaned_data.get("sequence") if self.is_valid() else None
        return number


class CancelForm(SeenForm):
    """Why a visit is called off; the desk may leave it empty."""

    reason = forms.CharField(
        max_length=200,
        required=False,
        label=_("Reason"),
        help_text=_("For the clinic's own use. The patient does not see it."),
        error_messages={"max_length": _("Say it in 200 letters or fewer")},
    )
    following = forms.BooleanField(required=False, label=_("And all that follow it in its series"))
