"""Forms of the privacy officer's page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from recordings.retention import LONGEST_DAYS, SHORTEST_DAYS, VISIT_TYPES


class RuleForm(forms.Form):
    """For how many days recordings of one type of visit are kept; no number takes the rule away."""

    visit_type = forms.ChoiceField(
        label=_("Recordings of"), choices=[(code, _(name)) for code, name in VISIT_TYPES.items()], required=False
    )
    days = forms.IntegerField(
        label=_("Keep for how many days"),
        help_text=_("Leave this empty to take the rule away."),
        required=False,
        min_value=SHORTEST_DAYS,
        max_value=LONGEST_DAYS,
        error_messages={
            "invalid": _("Enter a whole number of days."),
            "min_value": _("Enter at least one day."),
            "max_value": _("Enter at most 36500 days, which is a hundred years."),
        },
    )


class HoldForm(forms.Form):
    """Why a recording has to be kept."""

    reason = forms.CharField(max_length=200)
