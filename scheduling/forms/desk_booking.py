"""The desk's booking form: it turns typed words into types; whether a time is free or open, the service says."""

import datetime as dt
import uuid as uuids
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Location, Patient, Practitioner
from core.templatetags.ui import clock_time
from scheduling.forms.appointments import IN_CALENDAR, LENGTHS, NO_DAY, PatientChoice, PractitionerChoice, read_instant
from scheduling.forms.rooms import interpreter_choice, room_choice
from scheduling.forms.words import minutes_words
from scheduling.models import Interpreter, Modality, VisitType
from scheduling.recurrence import MOST, comes_twice, instant_of

REPEATS = {
    "weekly": (_("Every week"), "FREQ=WEEKLY"),
    "fortnightly": (_("Every two weeks"), "FREQ=WEEKLY;INTERVAL=2"),
    "monthly": (_("Every month"), "FREQ=MONTHLY"),
}
FIRST, SECOND = "first", "second"


class AppointmentForm(forms.Form):
    """A visit to be booked, in the clinic's own time; with a type of visit also for whoever is free."""

    visit_type = forms.ModelChoiceField(
        queryset=VisitType.objects.none(),
        to_field_name="uuid",
        required=False,
        empty_label=_("No special kind"),
        label=_("Kind of visit"),
        error_messages={"invalid_choice": _("Choose a kind of visit from the list")},
    )
    patient = PatientChoice(
        queryset=Patient.objects.none(),
        to_field_name="uuid",
        empty_label=_("Choose a patient"),
        label=_("Patient"),
        error_messages={"required": _("Choose the patient"), "invalid_choice": _("Choose a patient of this clinic")},
    )
    practitioner = PractitionerChoice(
        queryset=Practitioner.objects.none(),
        to_field_name="uuid",
        required=False,
        empty_label=_("Choose who sees the patient"),
        label=_("With"),
        error_messages={"invalid_choice": _("Choose somebody of this clinic")},
    )
    on = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=IN_CALENDAR,
        error_messages={"required": _("Enter the day"), "invalid": NO_DAY},
    )
    at = forms.TimeField(
        label=_("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": _("Enter the time"), "invalid": _("Enter a time, like 9:20")},
    )
    # Asked only on the night on which an hour comes twice.
    which = forms.ChoiceField(label=_("Which of the two"), required=False, choices=())
    minutes = forms.TypedChoiceField(
        label=_("Length"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=lambda: [("", gettext("As usual for this kind")), *((each, minutes_words(each)) for each in LENGTHS)],
        initial=20,
        error_messages={"invalid_choice": _("Choose a length from the list")},
    )
    modality = forms.ChoiceField(
        label=_("How you meet"),
        required=False,
        choices=[("", _("As usual")), *Modality.choices],
        error_messages={"invalid_choice": _("Choose from the list")},
    )
    room = room_choice()
    interpreter = interpreter_choice()
    reason = forms.CharField(
        max_length=200,
        required=False,
        label=_("Reason"),
        error_messages={"max_length": _("Say it in 200 letters or fewer")},
    )
    repeat = forms.ChoiceField(
        label=_("Repeat"),
        required=False,
        choices=[("", _("Only once")), *((name, words) for name, (words, rule) in REPEATS.items())],
        error_messages={"invalid_choice": _("Choose how often from the list")},
    )
    times = forms.IntegerField(
        label=_("How many visits"),
        required=False,
        min_value=2,
        max_value=MOST,
        error_messages={
            "min_value": _("A series has at least 2 visits"),
            "max_value": _("A series has at most %(limit_value)s visits"),
            "invalid": _("Enter a number"),
        },
    )
    # Pressed where some dates of a series are taken.
    leave_out = forms.BooleanField(required=False, widget=forms.HiddenInput)
    # The visit that this one was agreed in.
    follows = forms.UUIDField(required=False, widget=forms.HiddenInput)
    # Pressed after the warning that the time is outside the practitioner's hours.
    outside_rules = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        patients: QuerySet[Patient],
        practitioners: QuerySet[Practitioner],
        visit_types: QuerySet[VisitType],
        rooms: QuerySet[Location],
        interpreters: QuerySet[Interpreter],
        timezone: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.timezone = timezone
        choices = {"patient": patients, "practitioner": practitioners, "visit_type": visit_types}
        for name, rows in {**choices, "room": rooms, "interpreter": interpreters}.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        # Two hours of one name are told apart by the letters of their zones.
        self.fields["which"].choices = [(FIRST, gettext("The first")), (SECOND, gettext("The second"))]  # type: ignore[attr-defined]
        self.asks_which = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        has_type = cleaned.get("visit_type") is not None
        if not has_type and not self.errors.get("practitioner") and cleaned.get("practitioner") is None:
            self.add_error("practitioner", gettext("Choose who sees the patient"))
        if not has_type and not self.errors.get("minutes") and cleaned.get("minutes") is None:
            self.add_error("minutes", gettext("Choose the length"))
        self._check_series(cleaned)
        on, at = cleaned.get("on"), cleaned.get("at")
        if on is not None and at is not None:
            cleaned["local"] = dt.datetime.combine(on, at)
            self._find_instant(cleaned, dt.datetime.combine(on, at))
        return cleaned

    def rule(self) -> str:
        """The RRULE of the series that was asked for; empty for a single visit."""
        repeat = self.cleaned_data.get("repeat")
        return f"{REPEATS[repeat][1]};COUNT={self.cleaned_data['times']}" if repeat else ""

    def _check_series(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("repeat"):
            return
        if cleaned.get("times") is None and not self.errors.get("times"):
            self.add_error("times", gettext("Say how many visits"))
        if cleaned.get("practitioner") is None and not self.errors.get("practitioner"):
            self.add_error("practitioner", gettext("Choose who sees the patient: a series stays with one"))

    def instead(self) -> dict[str, Any]:
        """What a press on one of the offered times changes: with whom and when, as this form's own fields."""
        who, _, when = self.data.get("instead", "").partition(" ")
        try:
            practitioner, starts_at = uuids.UUID(who), read_instant(when)
        except ValueError:
            return {}
        return {"practitioner": practitioner, "starts_at": starts_at} if starts_at else {}

    def _find_instant(self, cleaned: dict[str, Any], local: dt.datetime) -> None:
        first = instant_of(local, self.timezone)
        if first is None:
            self.add_error("at", gettext("The clocks skip this time on that day. Choose another time"))
            return
        cleaned["starts_at"] = first
        if not comes_twice(local, self.timezone):
            return
        second = instant_of(local, self.timezone, fold=1)
        self.asks_which = True
        said, both = clock_time(first, self.timezone), _both(first, second)
        self.fields["which"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Choose which")),
            *((key, words % {"time": said, "zone": _offset(at, self.timezone)}) for key, words, at in both),
        ]
        chosen = cleaned.get("which") or ""
        if chosen not in (FIRST, SECOND):
            self.add_error("which", gettext("%(time)s comes twice on that night. Choose which") % {"time": said})
        elif chosen == SECOND:
            cleaned["starts_at"] = second


def _both(first: dt.datetime, second: dt.datetime | None) -> list[tuple[str, str, dt.datetime]]:
    """Which of the two it is, with its words, where time and zone are to be filled in."""
    return [
        (FIRST, gettext("%(time)s, before the clocks go back (%(zone)s)"), first),
        (SECOND, gettext("%(time)s, after it (%(zone)s)"), second or first),
    ]


def _offset(at: dt.datetime, timezone: str) -> str:
    local = at.astimezone(ZoneInfo(timezone))
    return f"{local.tzname()}, UTC{local:%z}"
