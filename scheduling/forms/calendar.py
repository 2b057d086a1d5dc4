"""Forms of the calendar pages: which days are shown and of whom, and where a visit is to be moved."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Location, Practitioner
from scheduling.forms.appointments import IN_CALENDAR, LENGTHS, NO_DAY, PractitionerChoice, read_instant
from scheduling.forms.rooms import interpreter_choice, room_choice
from scheduling.forms.words import minutes_words
from scheduling.models import Interpreter, VisitType
from scheduling.selectors.calendar import Narrowed

VIEWS = ("day", "week", "list")
LONGEST_MINUTES = 8 * 60


class ShownForm(forms.Form):
    """What an address asks the calendar to show. What it asks wrongly is as if it had not been asked."""

    on = forms.DateField(required=False, validators=IN_CALENDAR)
    view = forms.ChoiceField(required=False, choices=[(view, view) for view in VIEWS])
    of = forms.UUIDField(required=False)
    kind = forms.UUIDField(required=False)
    room = forms.IntegerField(required=False, min_value=1, max_value=2**31)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}

    def narrowed(self) -> Narrowed:
        asked = self.asked()
        return Narrowed(asked["of"], asked["kind"], asked["room"])


class NarrowForm(forms.Form):
    """The calendar's filter: whose visits, of which type, in which room."""

    of = PractitionerChoice(
        queryset=Practitioner.objects.none(),
        to_field_name="uuid",
        required=False,
        label=_("Practitioner"),
        empty_label=_("All practitioners"),
    )
    kind = forms.ModelChoiceField(
        queryset=VisitType.objects.none(),
        to_field_name="uuid",
        required=False,
        label=_("Visit type"),
        empty_label=_("All visit types"),
    )
    room = forms.ModelChoiceField(
        queryset=Location.objects.none(), required=False, label=_("Room"), empty_label=_("All rooms")
    )

    def __init__(
        self,
        *args: Any,
        people: QuerySet[Practitioner],
        kinds: QuerySet[VisitType],
        rooms: QuerySet[Location],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("of", people), ("kind", kinds), ("room", rooms)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """Where a visit is to go: to whom, on which day, at a free time or another one, and how long it lasts."""

    to = PractitionerChoice(
        queryset=Practitioner.objects.none(),
        to_field_name="uuid",
        empty_label=None,
        label=pgettext_lazy("to whom a visit goes", "To"),
        error_messages={
            "required": _("Choose who sees the patient"),
            "invalid_choice": _("Choose somebody of this clinic"),
        },
    )
    on = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=IN_CALENDAR,
        error_messages={"required": _("Enter the day"), "invalid": NO_DAY},
    )
    starts = forms.CharField(label=_("Time"), max_length=40, required=False, widget=forms.Select)
    at = forms.TimeField(
        label=_("Another time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": _("Enter a time, like 9:20")},
    )
    minutes = forms.TypedChoiceField(
        label=_("Length"),
        coerce=int,
        error_messages={"required": _("Choose the length"), "invalid_choice": _("Choose a length from the list")},
    )
    room = room_choice()
    interpreter = interpreter_choice()
    sequence = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        practitioners: QuerySet[Practitioner],
        rooms: QuerySet[Location],
        interpreters: QuerySet[Interpreter],
        times: list[tuple[str, str]],
        minutes: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("to", practitioners), ("room", rooms), ("interpreter", interpreters)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.fields["starts"].widget.choices = times
        lengths = sorted({*LENGTHS, minutes, self._asked_minutes()})
        choices = [(each, minutes_words(each)) for each in lengths if each]
        self.fields["minutes"].choices = choices  # type: ignore[attr-defined]

    def clean_starts(self) -> dt.datetime | None:
        """An instant; a time without its offset would be another one where the clocks change."""
        typed = self.cleaned_data["starts"]
        found = read_instant(typed) if typed else None
        if typed and found is None:
            raise forms.ValidationError(gettext("Choose a time from the list"))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and cleaned.get("starts") is None and cleaned.get("at") is None:
            self.add_error("starts", gettext("Choose the time"))
        return cleaned

    def _asked_minutes(self) -> int:
        """A visit that was drawn longer or shorter may have any length that a visit has."""
        asked = str(self.data.get("minutes", "")) if self.is_bound else ""
        return int(asked) if asked.isascii() and asked.isdigit() and 5 <= int(asked) <= LONGEST_MINUTES else 0
