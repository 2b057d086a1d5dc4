"""Forms of people who book for themselves: they turn typed words into types; whether a time is free, services say."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.clock import today
from scheduling.forms.appointments import IN_CALENDAR, NO_DAY, read_instant
from scheduling.selectors.offering import Offering

ANYONE = "anyone"
OLDEST = dt.date(1900, 1, 1)
NO_PHONE = _("Enter a phone number, like 555-0142")
# Parts of a day in minutes of it: from the first until the second.
WINDOWS = {
    "any": (_("Any time"), 0, 24 * 60),
    "morning": (_("Morning, until noon"), 0, 12 * 60),
    "afternoon": (_("Afternoon, noon to 6 pm"), 12 * 60, 18 * 60),
    "evening": (_("Evening, after 6 pm"), 18 * 60, 24 * 60),
}
_NOT_IN_PHONES = re.compile(r"[^0-9+().,/ x#*-]", re.IGNORECASE)


class StartForm(forms.Form):
    """What for and with whom."""

    type = forms.ChoiceField(
        label=_("What is the visit for?"),
        error_messages={
            "required": _("Choose what the visit is for"),
            "invalid_choice": _("Choose a visit from the list"),
        },
    )
    who = forms.ChoiceField(
        label=_("Who would you like to see?"),
        error_messages={
            "required": _("Choose who you would like to see"),
            "invalid_choice": _("Choose somebody of the list"),
        },
    )

    def __init__(self, *args: Any, offerings: Sequence[Offering], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offerings = offerings
        people = {one.pk: one for offering in offerings for one in offering.practitioners}
        self.practitioners = [people[pk] for pk in sorted(people)]
        self.fields["type"].choices = [  # type: ignore[attr-defined]
            (str(one.visit_type.uuid), one.visit_type.name) for one in offerings
        ]
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            (ANYONE, gettext("Anyone who is free first")),
            *((str(one.uuid), one.display_name) for one in self.practitioners),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind, who = cleaned.get("type"), cleaned.get("who")
        if not kind or not who:
            return cleaned
        chosen = next(one for one in self.offerings if str(one.visit_type.uuid) == kind)
        cleaned["offering"], cleaned["practitioner"] = chosen, chosen.practitioner(who)
        if who != ANYONE and cleaned["practitioner"] is None:
            name = next(one.display_name for one in self.practitioners if str(one.uuid) == who)
            self.add_error(
                "who", gettext("%(name)s does not offer this visit. Choose somebody else, or anyone") % {"name": name}
            )
        return cleaned


class InstantField(forms.Field):
    """A time as the page's radio buttons name it: an instant in UTC, so that no zone can be mistaken."""

    def to_python(self, value: Any) -> dt.datetime | None:
        if value in self.empty_values:
            return None
        instant = read_instant(str(value))
        if instant is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return instant


class TimeForm(forms.Form):
    """The chosen time."""

    time = InstantField(
        error_messages={
            "required": pgettext_lazy("told of a field", "Choose a time"),
            "invalid": _("Choose a time from the page"),
        }
    )


class PersonForm(forms.Form):
    """Who somebody is whom we need not know yet."""

    name = forms.CharField(
        max_length=180,
        label=_("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name"), "max_length": _("Enter your name in 180 letters or fewer")},
    )
    birth_date = forms.DateField(
        label=_("Birth date"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        error_messages={"required": _("Enter your birth date"), "invalid": _("Enter your birth date, like 1974-02-11")},
    )
    phone = forms.CharField(
        max_length=32,
        label=_("Phone number"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": NO_PHONE, "max_length": NO_PHONE},
    )
    email = forms.EmailField(
        max_length=254,
        label=_("Email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Enter your email address"),
            "invalid": _("Enter an email address, like name@example.org"),
            "max_length": _("Enter an email address of 254 letters or fewer"),
        },
    )

    def __init__(self, *args: Any, timezone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today(timezone)
        self.fields["birth_date"].widget.attrs["max"] = self.today.isoformat()

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not any(letter.isalpha() for letter in name):
            raise ValidationError(gettext("Enter your name"))
        if any(len(part) > 100 for part in split_name(name)):
            raise ValidationError(_("Enter your name in 100 letters or fewer"))
        return name

    def clean_birth_date(self) -> dt.date:
        born: dt.date = self.cleaned_data["birth_date"]
        if born > self.today:
            raise ValidationError(gettext("Your birth date cannot be later than today. Enter it again"))
        if born < OLDEST:
            raise ValidationError(gettext("Enter the year of your birth date with four digits"))
        return born

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if _NOT_IN_PHONES.search(phone) or sum(sign.isdigit() for sign in phone) < 6:
            raise ValidationError(NO_PHONE)
        return phone

    @property
    def person(self) -> dict[str, Any]:
        """What register_oneself takes."""
        given_name, family_name = split_name(self.cleaned_data["name"])
        typed = {field: self.cleaned_data[field] for field in ("birth_date", "phone", "email")}
        return {"given_name": given_name, "family_name": family_name, **typed}


class DetailsForm(PersonForm):
    """The last step: who it is, and another time where the first was taken meanwhile."""

    time = InstantField(required=False, error_messages={"invalid": _("Choose a time from the page")})


class WaitForm(PersonForm):
    """A place on the wait list: the days and the part of the day in which a time would fit."""

    first_day = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=IN_CALENDAR,
        error_messages={"required": _("Enter the first day that would fit"), "invalid": NO_DAY},
    )
    last_day = forms.DateField(
        label=_("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=IN_CALENDAR,
        error_messages={"required": _("Enter the last day that would fit"), "invalid": NO_DAY},
    )
    window = forms.ChoiceField(
        label=_("Which part of the day?"),
        choices=[(name, words[0]) for name, words in WINDOWS.items()],
        initial="any",
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a part of the day"), "invalid_choice": _("Choose a part of the day")},
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if last and last < self.today:
            self.add_error("last_day", gettext("That day is over. Enter a later one"))
        elif first and last and last < first:
            self.add_error("last_day", gettext("The last day is before the first one. Enter a later one"))
        return cleaned

    @property
    def wish(self) -> dict[str, Any]:
        """What join_wait_list takes."""
        _, earliest, latest = WINDOWS[self.cleaned_data["window"]]
        days = {field: self.cleaned_data[field] for field in ("first_day", "last_day")}
        return {**days, "earliest": earliest, "latest": latest}


def split_name(name: str) -> tuple[str, str]:
    """Given and family name as most write them; who has one name only has a given one. The desk puts it right."""
    given, _, family = name.rpartition(" ")
    return (given, family) if given else (name, "")
