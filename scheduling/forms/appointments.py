"""Forms of the staff appointment pages: they turn typed words into types; whether a time is free, the service says."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from accounts.models import Patient, Practitioner

LENGTHS = (10, 15, 20, 30, 45, 60, 90)
# Near the ends of the calendar a day has no next one, and no hour in another zone.
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
NO_DAY = "Enter a day that is in the calendar"
IN_CALENDAR = (MinValueValidator(EARLIEST, NO_DAY), MaxValueValidator(LATEST, NO_DAY))


class PatientChoice(forms.ModelChoiceField):
    """Name first, so that typing finds it; the birth date tells two people of one name apart."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.family_name}, {obj.given_name} (born {obj.birth_date.day} {obj.birth_date:%B %Y})"


class PractitionerChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.display_name}, {obj.specialty}" if obj.specialty else str(obj.display_name)


class AppointmentForm(forms.Form):
    """A visit to be booked, in the clinic's own time."""

    patient = PatientChoice(
        queryset=Patient.objects.none(),
        to_field_name="uuid",
        empty_label="Choose a patient",
        error_messages={"required": "Choose the patient", "invalid_choice": "Choose a patient of this clinic"},
    )
    practitioner = PractitionerChoice(
        queryset=Practitioner.objects.none(),
        to_field_name="uuid",
        empty_label="Choose who sees the patient",
        label="With",
        error_messages={"required": "Choose who sees the patient", "invalid_choice": "Choose somebody of this clinic"},
    )
    on = forms.DateField(
        label="Day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=IN_CALENDAR,
        error_messages={"required": "Enter the day", "invalid": NO_DAY},
    )
    at = forms.TimeField(
        label="Time",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Enter the time", "invalid": "Enter a time, like 9:20"},
    )
    minutes = forms.TypedChoiceField(
        label="Length",
        coerce=int,
        choices=[(minutes, f"{minutes} minutes") for minutes in LENGTHS],
        initial=20,
        error_messages={"required": "Choose the length", "invalid_choice": "Choose a length from the list"},
    )
    reason = forms.CharField(
        max_length=200,
        required=False,
        label="Reason",
        error_messages={"max_length": "Say it in 200 letters or fewer"},
    )

    def __init__(
        self,
        *args: Any,
        patients: QuerySet[Patient],
        practitioners: QuerySet[Practitioner],
        timezone: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.timezone = timezone
        self.fields["patient"].queryset = patients  # type: ignore[attr-defined]
        self.fields["practitioner"].queryset = practitioners  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        on, at = cleaned.get("on"), cleaned.get("at")
        if on is None or at is None:
            return cleaned
        zone = ZoneInfo(self.timezone)
        starts_at = dt.datetime.combine(on, at, tzinfo=zone)
        # An hour that the clocks skip in spring does not survive the way to UTC and back.
        if starts_at.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != starts_at.replace(tzinfo=None):
            self.add_error("at", "The clocks skip this time on that day. Choose another time")
            return cleaned
        cleaned["starts_at"] = starts_at.astimezone(dt.UTC)
        return cleaned


class CancelForm(forms.Form):
    """Why a visit is called off; the desk may leave it empty."""

    reason = forms.CharField(
        max_length=200,
        required=False,
        label="Reason",
        help_text="For the clinic's own use. The patient does not see it.",
        error_messages={"max_length": "Say it in 200 letters or fewer"},
    )


class DayForm(forms.Form):
    """The day that the list shows."""

    on = forms.DateField(
        required=False,
        label="Day",
        widget=forms.DateInput(attrs={"type": "date", "class": "hc-input"}, format="%Y-%m-%d"),
        validators=IN_CALENDAR,
    )
