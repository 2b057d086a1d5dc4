"""Forms of hours, days and limits: they turn typed words into types; what may be, the services say."""

import datetime as dt
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms

from scheduling.forms.appointments import IN_CALENDAR, NO_DAY
from scheduling.models.availability import DAY_MINUTES
from scheduling.services.availability import Days, Hours, Limits
from scheduling.spoken import EVERY, WEEKDAYS

NO_BEGINNING, NO_END = "Enter when it begins, like 9:00", "Enter when it ends, like 17:00"
STEPS = (5, 10, 15, 20, 30, 40, 45, 60, 90, 120)
BUFFERS = (0, 5, 10, 15, 20, 30, 45, 60)
NOTICES = (0, 30, 60, 120, 240, 720, 1440, 2880, 10080)


def minutes_said(minutes: int) -> str:
    """ "30 minutes", "2 hours", "1 day"; none is "none"."""
    for size, word in ((10080, "week"), (1440, "day"), (60, "hour")):
        if minutes and minutes % size == 0:
            return f"{minutes // size} {word}{'s' if minutes > size else ''}"
    return f"{minutes} minutes" if minutes else "none"


class MinutesField(forms.TypedChoiceField):
    """A length to choose; one that was set elsewhere stays among them."""

    def __init__(self, usual: tuple[int, ...], **kwargs: Any) -> None:
        self.usual = usual
        errors = {"invalid_choice": "Choose one from the list", "required": "Choose one from the list"}
        super().__init__(coerce=int, choices=self._named(usual), error_messages=errors, **kwargs)

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
        error_messages={"required": "Enter the day", "invalid": NO_DAY},
        **kwargs,
    )


def time_field(label: str, missing: str, **kwargs: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": missing, "invalid": missing},
        **kwargs,
    )


def label_field(label: str) -> forms.CharField:
    return forms.CharField(
        max_length=60,
        required=False,
        label=label,
        error_messages={"max_length": "Say it in 60 letters or fewer"},
    )


class HoursForm(forms.Form):
    """A stretch of the week: open, or a break in what is open."""

    kind = forms.ChoiceField(
        label="What is it?",
        widget=forms.RadioSelect,
        choices=[("open", "Open for visits"), ("break", "A break")],
        initial="open",
        error_messages={"required": "Choose one", "invalid_choice": "Choose one of the two"},
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On which days?",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        choices=list(enumerate(WEEKDAYS)),
        error_messages={"required": "Choose at least one day", "invalid_choice": "Choose days from the list"},
    )
    starts = time_field("From", NO_BEGINNING)
    ends = time_field("Until", NO_END)
    label = label_field("Name of the break")
    every_weeks = forms.TypedChoiceField(
        label="How often?",
        coerce=int,
        choices=[(weeks, word.capitalize()) for weeks, word in EVERY.items()],
        initial=1,
        error_messages={"required": "Choose how often", "invalid_choice": "Choose how often from the list"},
    )
    first_day = day_field("First day")
    last_day = day_field("Last day", required=False)

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
        label="What is different?",
        widget=forms.RadioSelect,
        choices=[
            ("closed", "Closed"),
            ("open", "Open, beside the weekly hours"),
            ("usual", "Open as usual, although it is a holiday"),
        ],
        initial="closed",
        error_messages={"required": "Choose one", "invalid_choice": "Choose one of the three"},
    )
    first_day = day_field("First day")
    last_day = day_field("Last day", required=False)
    starts = time_field("From", NO_BEGINNING, required=False)
    ends = time_field("Until", NO_END, required=False)
    label = label_field("Name")

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
        label="Time zone of these hours", error_messages={"invalid_choice": "Choose a time zone from the list"}
    )
    step_minutes = MinutesField(STEPS, label="A visit may begin every")
    buffer_before = MinutesField(BUFFERS, label="Kept free before a visit")
    buffer_after = MinutesField(BUFFERS, label="Kept free after a visit")
    notice_minutes = MinutesField(NOTICES, label="Patients book this long before, at the latest")
    horizon_days = forms.IntegerField(
        label="Patients book this many days ahead, at most",
        min_value=0,
        max_value=730,
        error_messages={
            "required": "Enter a number of days, like 60",
            "invalid": "Enter a number of days, like 60",
            "min_value": "Enter 0 days or more",
            "max_value": "Enter 730 days or fewer",
        },
    )
    daily_maximum = forms.IntegerField(
        label="Visits a day, at most",
        required=False,
        min_value=1,
        max_value=500,
        error_messages={
            "invalid": "Enter a number, like 12, or leave it empty",
            "min_value": "Enter 1 or more, or leave it empty",
            "max_value": "Enter 500 or fewer",
        },
    )
    keeps_holidays = forms.BooleanField(label="Closed on the clinic’s holidays", required=False)

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
