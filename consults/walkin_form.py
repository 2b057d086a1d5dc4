"""The form of a walk-in door: who somebody is, as booking for oneself asks it, what about, and their yes to video."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consults.forms import NO_CONSENT
from consults.services.walkin import LONGEST_REASON
from scheduling.forms.selfbooking import PersonForm

NO_REASON = _("Say in a few words what it is about")


class WalkInForm(PersonForm):
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label=_("What is it about?"),
        error_messages={"required": NO_REASON, "max_length": _("Say it in 200 letters or fewer")},
    )
    agree = forms.BooleanField(error_messages={"required": NO_CONSENT})
    version = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def clean_reason(self) -> str:
        reason = " ".join(self.cleaned_data["reason"].split())
        if not any(letter.isalnum() for letter in reason):
            raise ValidationError(NO_REASON)
        return reason

    @property
    def wish(self) -> dict[str, Any]:
        """What come_in takes."""
        return {
            "person": self.person,
            "reason": self.cleaned_data["reason"],
            "text_version": self.cleaned_data["version"],
        }
