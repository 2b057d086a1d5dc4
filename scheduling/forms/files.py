"""The form that takes a file, and one for a row of each kind of table. Who is known and what is free, services say."""

import datetime as dt

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from core.clock import now
from scheduling.forms.appointments import EARLIEST, LATEST
from scheduling.models import FileIn, Modality
from scheduling.zones import known_zones

DAY = "Write the day like 1980-02-03"


class FileForm(forms.Form):
    """What it is a list of, and the list."""

    kind = forms.ChoiceField(label="What is in the file", choices=FileIn.Kind.choices)
    file = forms.FileField(
        label="CSV file",
        error_messages={"required": "Choose a file", "empty": "The file is empty", "invalid": "Choose a file"},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


class Words(forms.CharField):
    """Words in one line: what a cell has of line breaks and double spaces is no part of a name."""

    def to_python(self, value: object) -> str:
        return " ".join((super().to_python(value) or "").split())


def _name(label: str, *, most: int = 100, required: bool = True) -> forms.CharField:
    words = {"required": f"The {label} is missing", "max_length": f"The {label} is longer than {most} letters"}
    return Words(max_length=most, required=required, error_messages=words)


def _day(label: str) -> forms.DateField:
    words = {"required": f"The {label} is missing. {DAY}", "invalid": f"The {label} is no day. {DAY}"}
    wrong = f"The {label} is in no year that can be. {DAY}"
    return forms.DateField(
        input_formats=["%Y-%m-%d"],
        error_messages=words,
        validators=[MinValueValidator(EARLIEST, wrong), MaxValueValidator(LATEST, wrong)],
    )


def _birth_date() -> forms.DateField:
    """Not later than the day that is today somewhere; asked anew for every row."""
    field = _day("birth date")
    field.validators.append(MaxValueValidator(_tomorrow, "The birth date is later than today"))
    return field


def _tomorrow() -> dt.date:
    return now().date() + dt.timedelta(days=1)


def _email(*, required: bool) -> forms.EmailField:
    words = {"required": "The email address is missing", "invalid": "The email address is not one"}
    return forms.EmailField(required=required, max_length=254, error_messages=words)


class PatientRow(forms.Form):
    """One patient."""

    given_name = _name("given name")
    family_name = _name("family name")
    birth_date = _birth_date()
    email = _email(required=False)
    phone = _name("phone number", most=32, required=False)
    timezone = _name("time zone", most=64, required=False)
    language = forms.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        max_length=10,
        required=False,
        error_messages=dict.fromkeys(("invalid", "max_length"), "Write the language by its letters, like en or es-MX"),
    )

    def clean_timezone(self) -> str:
        zone: str = self.cleaned_data["timezone"]
        if zone and zone not in known_zones():
            raise ValidationError("There is no such time zone. Write it like Europe/Vienna")
        return zone


class PractitionerRow(forms.Form):
    """One practitioner, who signs in by email."""

    email = _email(required=True)
    prefix = _name("prefix", most=20, required=False)  # type: ignore[assignment]  # a field, taken out of the class
    given_name = _name("given name")
    family_name = _name("family name")
    specialty = _name("specialty", required=False)


class AppointmentRow(forms.Form):
    """One appointment: the patient by name and birth date, the practitioner by email, in the clinic's time."""

    given_name = _name("given name")
    family_name = _name("family name")
    birth_date = _day("birth date")
    practitioner_email = _email(required=True)
    day = _day("day")
    time = forms.TimeField(
        input_formats=["%H:%M"],
        error_messages={"required": "The time is missing", "invalid": "Write the time like 14:30"},
    )
    minutes = forms.IntegerField(
        min_value=5,
        max_value=480,
        error_messages={
            "required": "The minutes are missing",
            "invalid": "The minutes must be a number",
            "min_value": "A visit lasts 5 minutes at least",
            "max_value": "A visit lasts 8 hours at most",
        },
    )
    visit_type = _name("type of visit", required=False)
    modality = forms.ChoiceField(
        required=False,
        choices=Modality.choices,
        error_messages={"invalid_choice": f"How you meet is one of {', '.join(Modality.values)}"},
    )
    reason = _name("reason", most=200, required=False)
