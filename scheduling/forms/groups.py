"""Who comes to a group visit, as the desk chooses it: one more on a page of its own, or rows of the booking form."""

import uuid as uuids
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Patient
from scheduling.forms.appointments import PatientChoice

NOT_HERE = _("Choose a patient of this clinic")
# Beside the first one.
MOST_FURTHER = 6
NAME = "further_{}"
MORE_PATIENTS = "more_patients"


class AddPatientForm(forms.Form):
    """One patient more."""

    patient = PatientChoice(
        queryset=Patient.objects.none(),
        to_field_name="uuid",
        empty_label=_("Choose a patient"),
        label=_("Patient"),
        error_messages={"required": _("Choose the patient"), "invalid_choice": NOT_HERE},
    )

    def __init__(self, *args: Any, patients: QuerySet[Patient], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["patient"].queryset = patients  # type: ignore[attr-defined]


class FurtherPatientsForm(forms.Form):
    """Further patients of a visit to be booked: fields `further_1`, `further_2` ... as often as there are rows.

    Another row comes by a button of the form, so that no script is needed. Empty rows are nobody.
    """

    def __init__(self, data: QueryDict | None, *, patients: QuerySet[Patient], is_asked: bool, one_more: bool) -> None:
        typed = data if data is not None else QueryDict()
        rows = sum(NAME.format(number) in typed for number in range(1, MOST_FURTHER + 1))
        super().__init__(data if is_asked else None, initial={name: typed[name] for name in typed})
        for number in range(1, min(rows + one_more, MOST_FURTHER) + 1):
            self.fields[NAME.format(number)] = PatientChoice(
                queryset=patients,
                to_field_name="uuid",
                required=False,
                empty_label=gettext("Nobody else"),
                label=gettext("Patient %(number)s") % {"number": number + 1},
                error_messages={"invalid_choice": NOT_HERE},
            )

    @property
    def may_grow(self) -> bool:
        return len(self.fields) < MOST_FURTHER

    def narrow(self, everybody: Callable[[], QuerySet[Patient]]) -> None:
        """For showing it again: a row whose patient is chosen offers that one, the others everybody."""
        rows = {name: self._chosen(name) for name in self.fields}
        shown = everybody() if None in rows.values() else Patient.objects.none()
        for name, chosen in rows.items():
            field = self.fields[name]
            field.queryset = shown if chosen is None else field.queryset.filter(uuid=chosen)  # type: ignore[attr-defined]

    def _chosen(self, name: str) -> uuids.UUID | None:
        typed = self.data.get(name) if self.is_bound else self.initial.get(name)
        try:
            return uuids.UUID(str(typed))
        except ValueError:
            return None

    @property
    def problems(self) -> list[tuple[str, str]]:
        """For the summary above the form: the id of each field, and what is wrong with it."""
        return [(self[name].id_for_label, " ".join(map(str, errors))) for name, errors in self.errors.items()]

    @property
    def patients(self) -> list[Patient]:
        return [one for one in self.cleaned_data.values() if one is not None]
