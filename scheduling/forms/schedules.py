"""Forms of hours, days and limits: they turn typed words into types; what may be, the services say."""

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from scheduling.forms.appointments import IN_CALENDAR, NO_DAY
from scheduling.forms.words import minutes_words
from scheduling.models.availability import DAY_MINUTES
from scheduling.services.availability import Days, Hours, Limits
from scheduling.spoken import EVERY, WEEKDAYS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NO_BEGINNING, NO_END = _("Enter when it begins, like 9:00"), _("Enter when it ends, like 17:00")
STEPS = (5, 10, 15, 20, 30, 40, 45, 60, 90, 120)
BUFFERS = (0, 5, 10, 15, 20, 30, 45, 60)
HOUR, DAY, WEEK = 60, 1_440, 10_080
NOTICES = (0, 30, 60, 120, 240, 720, 1440, 2880, 10080)


def minutes_said(minutes: int) -> str:
    """ "30 minutes", "2 hours", "1 day"; none is "none"."""
    if not minutes:
        return pgettext("a length of time", "none")
    if minutes % WEEK == 0:
        return ngettext("%(count)s week", "%(count)s weeks", minutes // WEEK) % {"count": minutes // WEEK}
    if minutes % DAY == 0:
        return ngettext("%(count)s day", "%(count)s days", minutes // DAY) % {"count": minutes // DAY}
    if minutes % HOUR == 0:
        return ngettext("%(count)s hour", "%(count)s hours", minutes // HOUR) % {"count": minutes // HOUR}
    return minutes_words(minutes)


class MinutesField(forms.TypedChoiceField):
    """A length to choose; one that was set elsewhere stays among them."""

    def __init__(self, usual: tuple[int, ...], **kwargs: Any) -> None:
        self.usual = usual
        errors = {"invalid_choice": _("Choose one from the list"), "required": _("Choose one from the list")}
        super().__init__(coerce=int, choices=lambda: self._named(usual), error_messages=errors, **kwargs)

    def also(self, minutes: int) -> None:
        self.choices = self._named(sorted({*self.usual, minutes}))

    @staticmethod
    def _named(lengths: Any) -> list[tuple[int, str]]:
        return [(minutes, minutes_said(minutes)) for minutes in lengths]


def day_field(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=IN_CALENDAR,
        error_messages={"required": _("Enter the day"), "invalid": NO_DAY},
        **kwargs,
    )


def time_field(label: "StrOrPromise", missing: "StrOrPromise", **kwargs: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": missing, "invalid": missing},
        **kwargs,
    )


def label_field(label: "StrOrPromise") -> forms.CharField:
    return forms.CharField(
        max_length=60,
        required=False,
        label=label,
        error_messages={"max_length": _("Say it in 60 letters or fewer")},
    )


class HoursForm(forms.Form):
    """A stretch of the week: open, or a break in what is open."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        widget=forms.RadioSelect,
        choices=[("open", _("Open for visits")), ("break", _("A break"))],
        initial="open",
        error_messages={"required": _("Choose one"), "invalid_choice": _("Choose one of the two")},
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On which days?"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        choices=lambda: [(day, capfirst(str(word))) for day, word in enumerate(WEEKDAYS)],
        error_messages={"required": _("Choose at least one day"), "invalid_choice": _("Choose days from the list")},
    )
    starts = time_field(_("From"), NO_BEGINNING)
    ends = time_field(_("Until"), NO_END)
    label = label_field(_("Name of the break"))
    every_weeks = forms.TypedChoiceField(
        label=_("How often?"),
        coerce=int,
        choices=lambda: [(weeks, gettext(word).capitalize()) for weeks, word in EVERY.items()],
        initial=1,
        error_messages={"required": _("Choose how often"), "invalid_choice": _("Choose how often from the list")},
    )
    first_day = day_field(_("First day"))
    last_day = day_field(_("Last day"), required=False)

    def hours(self) -> Hours:
        """What was typed; only of a valid form."""
        typed = self.cleaned_data
        is_break = typed["kind"] == "break"
        return Hours(
            weekdays=frozenset(typed["weekdays"]),
            starts=minute(typed["starts"]),
            ends=minute(typed["ends"]) or DAY_MINUTES,
            first_day=typed["first_day"],
            last_day=typed["last_day"],
            every_weeks=typed["every_weeks"],
            is_break=is_break,
            label=typed["label"] if is_break else "",
        )


class DaysForm(forms.Form):
    """Days that are otherwise than the week says."""

    kind = forms.ChoiceField(
        label=_("What is different?"),
        widget=forms.RadioSelect,
        choices=[
            ("closed", _("Closed")),
            ("open", _("Open, beside the weekly hours")),
            ("usual", _("Open as usual, although it is a holiday")),
        ],
        initial="closed",
        error_messages={"required": _("Choose one"), "invalid_choice": _("Choose one of the three")},
    )
    first_day = day_field(_("First day"))
    last_day = day_field(_("Last day"), required=False)
    starts = time_field(_("From"), NO_BEGINNING, required=False)
    ends = time_field(_("Until"), NO_END, required=False)
    label = label_field(_("Name"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        is_open = cleaned.get("kind") == "open"
        for name, other, missing in (("starts", "ends", NO_BEGINNING), ("ends", "starts", NO_END)):
            is_empty = name in cleaned and cleaned[name] is None
            if is_empty and (is_open or cleaned.get(other) is not None):
                self.add_error(name, missing)
        return cleaned

    def days(self) -> Days:
        """What was typed; only of a valid form. Without times it is the whole day."""
        typed = self.cleaned_data
        is_whole = typed["starts"] is None or typed["kind"] == "usual"
        return Days(
            kind=typed["kind"],
            first_day=typed["first_day"],
            last_day=typed["last_day"] or typed["first_day"],
            starts=0 if is_whole else minute(typed["starts"]),
            ends=DAY_MINUTES if is_whole else minute(typed["ends"]) or DAY_MINUTES,
            label=typed["label"],
        )


class LimitsForm(forms.Form):
    """How somebody's hours may be booked."""

    timezone = forms.ChoiceField(
        label=_("Time zone of these hours"), error_messages={"invalid_choice": _("Choose a time zone from the list")}
    )
    step_minutes = MinutesField(STEPS, label=_("A visit may begin every"))
    buffer_before = MinutesField(BUFFERS, label=_("Kept free before a visit"))
    buffer_after = MinutesField(BUFFERS, label=_("Kept free after a visit"))
    notice_minutes = MinutesField(NOTICES, label=_("Patients book this long before, at the latest"))
    horizon_days = forms.IntegerField(
        label=_("Patients book this many days ahead, at most"),
        min_value=0,
        max_value=730,
        error_messages={
            "required": _("Enter a number of days, like 60"),
            "invalid": _("Enter a number of days, like 60"),
            "min_value": _("Enter 0 days or more"),
            "max_value": _("Enter 730 days or fewer"),
        },
    )
    daily_maximum = forms.IntegerField(
        label=_("Visits a day, at most"),
        required=False,
        min_value=1,
        max_value=500,
        error_messages={
            "invalid": _("Enter a number, like 12, or leave it empty"),
            "min_value": _("Enter 1 or more, or leave it empty"),
            "max_value": _("Enter 500 or fewer"),
        },
    )
    keeps_holidays = forms.BooleanField(label=_("Closed on the clinic’s holidays"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = self.initial.get("timezone", "UTC")
        zones = [first, *(zone for zone in zones_to_choose() if zone != first)]
        self.fields["timezone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            if isinstance(field, MinutesField) and name in self.initial:
                field.also(self.initial[name])

    def limits(self) -> Limits:
        return Limits(**self.cleaned_data)


def minute(at: dt.time) -> int:
    return at.hour * 60 + at.minute


def time_of(minute: int) -> dt.time:
    """Back into a field: midnight at the end of a day is 0:00 again."""
    return dt.time(minute // 60 % 24, minute % 60)


@lru_cache(maxsize=1)
def zones_to_choose() -> tuple[str, ...]:
    """Zones named by a place; the rest are old names and offsets that know no summer time."""
    places = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return (*sorted(zone for zone in available_timezones() if zone.startswith(places)), "UTC")
