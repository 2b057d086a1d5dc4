"""The form of a line that several practitioners share. What may be is the services' rule; here it is only read."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from accounts.models import Practitioner
from consults.models import Pool
from consults.models.lines import DAY_MINUTES
from consults.services.pools import PoolTerms
from scheduling.forms.schedules import time_field

NO_TIME = _("Enter a time, like 9:00")
NO_NUMBER = _("Enter a whole number")


class MemberChoice(forms.ModelMultipleChoiceField):
    """Practitioners by their names."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.display_name)


class PoolForm(forms.Form):
    """Name, members, opening hours per weekday, how many may wait, and whether people may come without a booking."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        error_messages={
            "required": _("Enter a name, like “Walk-in” or “Nurses”"),
            "max_length": _("Say it in 80 letters or fewer"),
        },
    )
    members = MemberChoice(
        label=_("Who calls people in from this line?"),
        queryset=Practitioner.objects.none(),
        to_field_name="uuid",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one person"),
            "invalid_choice": _("Choose people from the list"),
        },
    )
    takes_walk_ins = forms.BooleanField(label=_("People may come without a booking"), required=False)
    most_waiting = forms.IntegerField(
        label=_("How many may wait before the door says that it is full?"),
        error_messages={"required": NO_NUMBER, "invalid": NO_NUMBER},
    )
    visit_minutes = forms.IntegerField(
        label=_("How many minutes does a visit without a booking take?"),
        error_messages={"required": NO_NUMBER, "invalid": NO_NUMBER},
    )
    is_active = forms.BooleanField(label=_("This line is in use"), required=False)

    def __init__(self, *args: Any, people: Any, standing: Pool | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": _first(standing)})
        members: Any = self.fields["members"]
        members.queryset = people
        for day, name in WEEKDAYS.items():
            words = {"day": name}
            self.fields[f"opens_{day}"] = time_field(_("%(day)s, from") % words, NO_TIME, required=False)
            self.fields[f"closes_{day}"] = time_field(_("to"), NO_TIME, required=False)

    def days(self) -> list[tuple[str, Any, Any]]:
        """The weekdays with the fields of each, for the page."""
        return [(str(name), self[f"opens_{day}"], self[f"closes_{day}"]) for day, name in WEEKDAYS.items()]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for day in WEEKDAYS:
            opens, closes = (found.get(f"{which}_{day}") for which in ("opens", "closes"))
            if (opens is None) != (closes is None) and not self.errors.keys() & {f"opens_{day}", f"closes_{day}"}:
                missing = f"opens_{day}" if opens is None else f"closes_{day}"
                self.add_error(missing, _("Enter both times, or none where the line is closed"))
        return found

    def terms(self) -> PoolTerms:
        """What was typed, as the service takes it; the end of a day is its midnight."""
        found = self.cleaned_data
        hours = {
            day: (_minute(found[f"opens_{day}"]), _minute(found[f"closes_{day}"]) or DAY_MINUTES)
            for day in WEEKDAYS
            if found.get(f"opens_{day}") is not None
        }
        return PoolTerms(
            name=found["name"],
            members=list(found["members"]),
            hours=hours,
            most_waiting=found["most_waiting"],
            visit_minutes=found["visit_minutes"],
            takes_walk_ins=found["takes_walk_ins"],
            is_active=found["is_active"],
        )


def _first(standing: Pool | None) -> dict[str, Any]:
    if standing is None:
        return {"most_waiting": 10, "visit_minutes": 15, "is_active": True}
    hours = {}
    for row in standing.hours.all():
        hours[f"opens_{row.weekday}"], hours[f"closes_{row.weekday}"] = _clock(row.opens), _clock(row.closes)
    return {
        "name": standing.name,
        "members": [one.uuid for one in standing.members.all()],
        "takes_walk_ins": standing.takes_walk_ins,
        "most_waiting": standing.most_waiting,
        "visit_minutes": standing.visit_minutes,
        "is_active": standing.is_active,
        **hours,
    }


def _minute(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def _clock(minute: int) -> dt.time:
    return dt.time(minute % DAY_MINUTES // 60, minute % 60)
