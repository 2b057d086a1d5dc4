"""Who comes along, as the desk types it: one person on the visit's page, or rows of the booking form."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import RelatedPerson
from scheduling.models import Appointment, Guest
from scheduling.services.checks import LONGEST_NAME, Companion

NO_NAME = _("Enter the name of who comes along")
NO_ROLE = _("Choose who they are from the list")
TOO_LONG = _("Say the name in %(limit_value)s letters or fewer")
ROLES = [("", _("Choose who they are")), *Guest.Role.choices]
# A patient and the practitioner have two of a room's eight seats.
MOST_ROWS = 6


class GuestForm(forms.Form):
    """One person."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        error_messages={"required": NO_NAME, "max_length": TOO_LONG},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Who they are"), choices=ROLES, error_messages={"required": NO_ROLE, "invalid_choice": NO_ROLE}
    )


class RelatedGuestForm(forms.Form):
    """Somebody of the patient."""

    related = forms.ModelChoiceField(
        label=_("Who"),
        queryset=RelatedPerson.objects.none(),
        to_field_name="uuid",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who comes along"), "invalid_choice": _("Choose one from the list")},
    )
    until = forms.TimeField(
        label=_("Their link ends at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": _("Enter a time, like 10:30")},
    )

    def __init__(self, *args: Any, people: list[RelatedPerson], appointment: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.appointment = appointment
        field = self.fields["related"]
        field.queryset = RelatedPerson.objects.filter(pk__in=[one.pk for one in people])  # type: ignore[attr-defined]
        field.label_from_instance = lambda person: person.label  # type: ignore[attr-defined]

    def clean_until(self) -> dt.datetime | None:
        """On the day of the visit, by its own clock; after midnight where the visit goes on into the next day."""
        until = self.cleaned_data["until"]
        if until is None:
            return None
        zone = ZoneInfo(self.appointment.timezone)
        begins = self.appointment.starts_at.astimezone(zone)
        at = dt.datetime.combine(begins.date(), until, tzinfo=zone)
        if at <= begins:
            at = dt.datetime.combine(begins.date() + dt.timedelta(days=1), until, tzinfo=zone)
        return at.astimezone(dt.UTC)


@dataclass
class GuestRow:
    """A row as it is shown again: what was typed, and what is wrong with it."""

    number: int
    name: str = ""
    role: str = ""
    # Asked for by the press that this page answers: typing goes on there.
    is_new: bool = False
    errors: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.name.strip() and not self.role

    def error_of(self, name: str) -> str:
        return next((words for which, words in self.errors if which == name), "")

    @property
    def name_error(self) -> str:
        return self.error_of("name")

    @property
    def role_error(self) -> str:
        return self.error_of("role")


class GuestRows:
    """The rows of a booking form: fields `guest_name` and `guest_role` as often as there are rows, empty ones allowed.

    One empty row is always there; another comes by a button of the form, so that no script is needed.
    """

    roles = ROLES

    def __init__(self, data: QueryDict | None) -> None:
        names = data.getlist("guest_name") if data is not None else []
        roles = data.getlist("guest_role") if data is not None else []
        pairs = zip(names[:MOST_ROWS], [*roles, *[""] * len(names)], strict=False)
        self.rows = [GuestRow(number, name, role) for number, (name, role) in enumerate(pairs)] or [GuestRow(0)]

    def add_row(self) -> None:
        if self.may_grow:
            self.rows.append(GuestRow(len(self.rows), is_new=True))

    @property
    def may_grow(self) -> bool:
        return len(self.rows) < MOST_ROWS

    @property
    def is_open(self) -> bool:
        """Whether the rows are shown at once: something is in them."""
        return any(not row.is_empty for row in self.rows) or len(self.rows) > 1

    @property
    def errors(self) -> list[tuple[str, str]]:
        """For the summary at the top: the id of each field, and what is wrong."""
        return [(f"id_guest_{which}_{row.number}", words) for row in self.rows for which, words in row.errors]

    def is_valid(self) -> bool:
        for row in self.rows:
            row.errors = []
            if row.is_empty:
                continue
            form = GuestForm({"name": row.name, "role": row.role})
            row.errors = [(name, str(words[0])) for name, words in form.errors.items()]
        return not self.errors

    @property
    def companions(self) -> tuple[Companion, ...]:
        return tuple(Companion(row.name, row.role) for row in self.rows if not row.is_empty)
