"""Forms of the desk's page of messages: which day, and the right addresses."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.selectors.choosing import e164

EARLIEST = dt.date(2000, 1, 1)


class DayForm(forms.Form):
    """Which day and which part of its list; what cannot be read is today's first part."""

    day = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    which = forms.ChoiceField(required=False, choices=[("", ""), ("otherwise", "")])

    def asked(self, today: dt.date) -> tuple[dt.date, bool]:
        self.is_valid()
        day = self.cleaned_data.get("day") or today
        return day if EARLIEST <= day <= today else today, self.cleaned_data.get("which") == "otherwise"


class AddressForm(forms.Form):
    """Where somebody is reached."""

    email = forms.EmailField(
        label=_("Email address"),
        required=False,
        max_length=254,
        error_messages={
            "invalid": _("Enter a whole email address, like name@example.org"),
            "max_length": _("This address is too long"),
        },
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=_("Phone number for texts"),
        required=False,
        max_length=32,
        error_messages={"max_length": _("This number is too long")},
        widget=forms.TextInput({"type": "tel", "autocomplete": "off"}),
    )

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"])
        if phone and not e164(phone):
            raise forms.ValidationError(_("Enter a whole phone number, like 312 555 0171"))
        return phone
