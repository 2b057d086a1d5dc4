"""Forms of the clinic's terms and types of visit: they turn typed words into types; what may be, the services say."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Practitioner
from accounts.services.people import AGES
from scheduling.forms.schedules import NOTICES, MinutesField
from scheduling.forms.words import later
from scheduling.models import Modality
from scheduling.public_holidays import country_names
from scheduling.services.offers import Offer, Terms


def number(label: Any, least: int, most: int, like: str) -> forms.IntegerField:
    missing = later(lambda: gettext("Enter a number, like %(like)s") % {"like": like})
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        error_messages={
            "required": missing,
            "invalid": missing,
            "min_value": _("Enter %(limit_value)s or more"),
            "max_value": _("Enter %(limit_value)s or fewer"),
        },
    )


class TermsForm(forms.Form):
    """The clinic's holidays and what holds for every booking."""

    holiday_country = forms.ChoiceField(
        label=_("Country of the holidays"),
        required=False,
        error_messages={"invalid_choice": _("Choose a country from the list")},
    )
    holiday_subdivision = forms.CharField(
        label=_("Part of the country"),
        required=False,
        max_length=8,
        error_messages={"max_length": _("Enter its short code, like IL")},
    )
    change_notice_minutes = MinutesField(NOTICES, label=_("Patients move or cancel this long before, at the latest"))
    hold_minutes = number(_("Minutes that a time is kept while a patient fills in the form"), 1, 120, "10")
    offer_minutes = number(_("Minutes that a freed time is kept for one person of the wait list"), 1, 1_440, "15")
    place_kept_minutes = number(
        _("Minutes that a place in line is kept for a patient whose page is silent"), 1, 120, "10"
    )
    answer_minutes = number(
        _("Minutes after their time until it is said aloud that nobody has called a patient"), 1, 120, "10"
    )
    desk_email = forms.EmailField(
        label=_("Email address of the front desk"),
        required=False,
        max_length=254,
        error_messages={"invalid": _("Enter a whole email address, like name@example.org")},
    )
    self_booking = forms.BooleanField(label=_("Patients book visits themselves"), required=False)
    confirm_self_bookings = forms.BooleanField(label=_("The desk confirms what patients book"), required=False)
    age_of_majority = number(_("From this age on people agree for themselves"), AGES[0], AGES[-1], "18")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted(country_names().items(), key=lambda one: one[1])
        self.fields["answer_minutes"].required = False
        self.fields["holiday_country"].choices = [("", gettext("No holidays")), *named]  # type: ignore[attr-defined]
        self.fields["change_notice_minutes"].also(self.initial["change_notice_minutes"])  # type: ignore[attr-defined]

    def clean_answer_minutes(self) -> int:
        return int(self.cleaned_data["answer_minutes"] or Terms.answer_minutes)

    def clean_holiday_subdivision(self) -> str:
        return str(self.cleaned_data["holiday_subdivision"]).strip().upper()

    def terms(self) -> Terms:
        return Terms(**{name: self.cleaned_data[name] for name in Terms.__dataclass_fields__})


class PractitionersChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.display_name}, {obj.specialty}" if obj.specialty else str(obj.display_name)


class VisitTypeForm(forms.Form):
    """A type of visit, and who offers it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        error_messages={
            "required": _("Enter a name, like “First visit”"),
            "max_length": _("Say it in 100 letters or fewer"),
        },
    )
    minutes = number(_("Minutes"), 5, 480, "20")
    modality = forms.ChoiceField(
        label=_("How do you meet?"),
        widget=forms.RadioSelect,
        choices=Modality.choices,
        initial=Modality.VIDEO_HOME,
        error_messages={"required": _("Choose how you meet"), "invalid_choice": _("Choose how you meet from the list")},
    )
    practitioners = PractitionersChoice(
        label=_("Who offers it?"),
        queryset=Practitioner.objects.none(),
        to_field_name="uuid",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("Choose people of this clinic"),
            "invalid_pk_value": _("Choose people of this clinic"),
        },
    )
    preparation = forms.CharField(
        label=_("What should patients do before?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("Say it in 500 letters or fewer")},
    )
    capacity = number(_("Patients in one visit"), 1, 7, "1")
    needs_room = forms.BooleanField(label=_("It takes a room of the clinic"), required=False)
    self_booking = forms.BooleanField(label=_("Patients may book it themselves"), required=False)
    is_active = forms.BooleanField(label=_("It is offered now"), required=False)

    def __init__(self, *args: Any, practitioners: QuerySet[Practitioner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["practitioners"].queryset = practitioners  # type: ignore[attr-defined]

    def offer(self) -> Offer:
        return Offer(**{name: value for name, value in self.cleaned_data.items() if name != "practitioners"})
