"""The form for the address of a practitioner's own calendar."""

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.busy.addresses import LONGEST


class BusyForm(forms.Form):
    """Any text: what is wrong with an address, the service says in words of its own."""

    url = forms.CharField(
        label=_("Secret address of your calendar"),
        max_length=LONGEST,
        error_messages={
            "required": _("Paste the address of your calendar"),
            "max_length": _("This is too long for an address of a calendar"),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
