"""The form of a walk-in door: who somebody is, as booking for oneself asks it, what about, and their yes to video.

For a child it asks once more: which adult comes along, and that they may agree for the child.
"""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import RelatedPerson
from accounts.services.people import LONGEST_NAME, PersonSaid
from consent.rights import is_child
from consults.forms import NO_CONSENT
from consults.services.walkin import LONGEST_REASON
from scheduling.forms.selfbooking import NO_PHONE, PersonForm

NO_REASON = _("Say in a few words what it is about")
NO_ADULT = _("Enter the name of the adult who comes along")
NO_RIGHT = _("Only somebody who may agree for the child can take this place. Tick the box if you may, or call us")
# Who has parental responsibility for a child; whoever else may agree, staff put down by the papers.
_WHO = RelatedPerson.Relationship
MAY_AGREE = [(one.value, one.label) for one in (_WHO.MOTHER, _WHO.FATHER, _WHO.PARENT, _WHO.GUARDIAN)]


class WalkInForm(PersonForm):
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label=_("What is it about?"),
        error_messages={"required": NO_REASON, "max_length": _("Say it in 200 letters or fewer")},
    )
    agree = forms.BooleanField(error_messages={"required": NO_CONSENT})
    version = forms.CharField(max_length=64, widget=forms.HiddenInput)
    adult_name = forms.CharField(required=False, max_length=LONGEST_NAME, label=_("Name of the adult"))
    adult_birth_date = forms.DateField(
        required=False,
        label=_("Birth date of the adult"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    adult_relationship = forms.ChoiceField(required=False, label=_("Who the adult is to the child"), choices=MAY_AGREE)
    adult_phone = forms.CharField(
        required=False,
        max_length=32,
        label=_("Phone number of the adult"),
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    adult_agrees = forms.BooleanField(required=False)

    def __init__(self, *args: Any, majority: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.majority = majority

    def clean_reason(self) -> str:
        reason = " ".join(self.cleaned_data["reason"].split())
        if not any(letter.isalnum() for letter in reason):
            raise ValidationError(NO_REASON)
        return reason

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.for_child:
            self._require_adult(cleaned)
        return cleaned

    def _require_adult(self, cleaned: dict[str, Any]) -> None:
        born: dt.date | None = cleaned.get("adult_birth_date")
        phone = cleaned.get("adult_phone", "")
        wrong = {
            "adult_name": "" if any(map(str.isalpha, cleaned.get("adult_name", ""))) else NO_ADULT,
            "adult_birth_date": ""
            if born and self._is_of_age(born)
            else _("Whoever agrees for a child must be of age"),
            "adult_relationship": "" if cleaned.get("adult_relationship") else _("Say who the adult is to the child"),
            "adult_phone": "" if sum(map(str.isdigit, phone)) >= 6 and phone.isprintable() else NO_PHONE,
            "adult_agrees": "" if cleaned.get("adult_agrees") else NO_RIGHT,
        }
        for name, words in wrong.items():
            if words and name not in self.errors:
                self.add_error(name, str(words))

    def _is_of_age(self, born: dt.date) -> bool:
        return dt.date(1900, 1, 1) <= born <= self.today and not is_child(born, self.majority, self.today)

    @property
    def for_child(self) -> bool:
        """Whether the birth date that was typed is of somebody who may not agree for themselves yet."""
        born = getattr(self, "cleaned_data", {}).get("birth_date")
        return born is not None and is_child(born, self.majority, self.today)

    @property
    def wish(self) -> dict[str, Any]:
        """What come_in takes."""
        said = self.cleaned_data
        adult = PersonSaid(
            name=said["adult_name"],
            relationship=said["adult_relationship"],
            phone=said["adult_phone"],
        )
        return {
            "person": self.person,
            "reason": said["reason"],
            "text_version": said["version"],
            "adult": adult if self.for_child else None,
        }
