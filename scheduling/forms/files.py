"""The form that takes a file, and one for a row of each kind of table. Who is known and what is free, services say."""

import datetime as dt
from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.clock import now
from scheduling.forms.appointments import EARLIEST, LATEST
from scheduling.forms.words import later
from scheduling.models import FileIn, Modality
from scheduling.zones import known_zones

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

DAY = _("Write the day like 1980-02-03")


class FileForm(forms.Form):
    """What it is a list of, and the list."""

    kind = forms.ChoiceField(label=_("What is in the file"), choices=FileIn.Kind.choices)
    file = forms.FileField(
        label=_("CSV file"),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty"), "invalid": _("Choose a file")},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


class Words(forms.CharField):
    """Words in one line: what a cell has of line breaks and double spaces is no part of a name."""

    def to_python(self, value: object) -> str:
        return " ".join((super().to_python(value) or "").split())


def _name(label: "StrPromise", *, most: int = 100, required: bool = True) -> forms.CharField:
    words = {
        "required": later(lambda: gettext("The %(what)s is missing") % {"what": label}),
        "max_length": later(
            lambda: gettext("The %(what)s is longer than %(most)s letters") % {"what": label, "most": most}
        ),
    }
    return Words(max_length=most, required=required, error_messages=words)


def _day(label: "StrPromise") -> forms.DateField:
    words = {
        "required": later(lambda: f"{gettext('The %(what)s is missing') % {'what': label}}. {DAY}"),
        "invalid": later(lambda: f"{gettext('The %(what)s is no day') % {'what': label}}. {DAY}"),
    }
    wrong = later(lambda: f"{gettext('The %(what)s is in no year that can be') % {'what': label}}. {DAY}")
    return forms.DateField(
        input_formats=["%Y-%m-%d"],
        error_messages=words,
        validators=[MinValueValidator(EARLIEST, wrong), MaxValueValidator(LATEST, wrong)],
    )


def _birth_date() -> forms.DateField:
    """Not later than the day that is today somewhere; asked anew for every row."""
    field = _day(_("birth date"))
    field.validators.append(MaxValueValidator(_tomorrow, _("The birth date is later than today")))
    return field


def _tomorrow() -> dt.date:
    return now().date() + dt.timedelta(days=1)


def _email(*, required: bool) -> forms.EmailField:
    words = {"required": _("The email address is missing"), "invalid": _("The email address is not one")}
    return forms.EmailField(required=required, max_length=254, error_messages=words)


class PatientRow(forms.Form):
    """One patient."""

    given_name = _name(_("given name"))
    family_name = _name(_("family name"))
    birth_date = _birth_date()
    email = _email(required=False)
    phone = _name(_("phone number"), most=32, required=False)
    timezone = _name(_("time zone"), most=64, required=False)
    language = forms.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        max_length=10,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "max_length"), _("Write the language by its letters, like en or es-MX")
        ),
    )

    def clean_timezone(self) -> str:
        zone: str = self.cleaned_data["timezone"]
        if zone and zone not in known_zones():
            raise ValidationError(_("There is no such time zone. Write it like Europe/Vienna"))
        return zone


class PractitionerRow(forms.Form):
    """One practitioner, who signs in by email."""

    email = _email(required=True)
    prefix = _name(_("prefix"), most=20, required=False)  # type: ignore[assignment]  # a field, taken out of the class
    given_name = _name(_("given name"))
    family_name = _name(_("family name"))
    specialty = _name(_("specialty"), required=False)


class AppointmentRow(forms.Form):
    """One appointment: the patient by name and birth date, the practitioner by email, in the clinic's time."""

    given_name = _name(_("given name"))
    family_name = _name(_("family name"))
    birth_date = _day(_("birth date"))
    practitioner_email = _email(required=True)
    day = _day(_("day"))
    time = forms.TimeField(
        input_formats=["%H:%M"],
        error_messages={"required": _("The time is missing"), "invalid": _("Write the time like 14:30")},
    )
    minutes = forms.IntegerField(
        min_value=5,
        max_value=480,
        error_messages={
            "required": _("The minutes are missing"),
            "invalid": _("The minutes must be a number"),
            "min_value": _("A visit lasts 5 minutes at least"),
            "max_value": _("A visit lasts 8 hours at most"),
        },
    )
    visit_type = _name(_("type of visit"), required=False)
    modality = forms.ChoiceField(
        required=False,
        choices=Modality.choices,
        error_messages={
            "invalid_choice": later(
                lambda: gettext("How you meet is one of %(values)s") % {"values": ", ".join(Modality.values)}
            )
        },
    )
    reason = _name(_("reason"), most=200, required=False)
