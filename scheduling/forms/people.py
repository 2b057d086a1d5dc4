"""Forms of a patient's people: who they are, what they may agree to, where the patient usually is."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import RelatedPerson
from accounts.regions import countries, country_of, parts_of
from accounts.services.people import LONGEST_NAME, LONGEST_PHONE, PersonSaid
from consent.models import ConsentRight, Purpose
from scheduling.forms.schedules import day_field

CHOOSE = _("Choose one from the list")
TOO_LONG = _("Say it in fewer letters")


def words(label: Any, most: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, error_messages={"max_length": TOO_LONG}, **kwargs)


class RegionField(forms.ChoiceField):
    """A country, or a part of the countries whose parts matter here: those come first."""

    def __init__(self, *, empty: Any, **kwargs: Any) -> None:
        self.empty = empty
        super().__init__(error_messages={"required": CHOOSE, "invalid_choice": CHOOSE}, **kwargs)

    def offer(self, divided: list[str], standing: str = "") -> None:
        """`divided` are the countries of which parts are asked; what stands stays among the choices."""
        wanted = [*divided]
        if "-" in standing and country_of(standing) not in wanted:
            wanted.append(country_of(standing))
        named = dict(countries())
        groups: list[Any] = [(named.get(country, country), parts_of(country)) for country in wanted]
        rest = [(code, name) for code, name in countries() if code not in wanted]
        self.choices = (
            [("", self.empty), *groups, (gettext("Countries"), rest)] if groups else [("", self.empty), *rest]
        )


class RelatedForm(forms.Form):
    """Somebody of a patient."""

    name = words(_("Name"), LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    relationship = forms.ChoiceField(
        label=_("Who they are to the patient"),
        choices=[("", _("Choose who they are")), *RelatedPerson.Relationship.choices],
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    phone = words(_("Phone"), LONGEST_PHONE, required=False, widget=forms.TelInput(attrs={"autocomplete": "off"}))
    email = words(_("Email"), 254, required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    is_emergency_contact = forms.BooleanField(label=_("Call them in an emergency"), required=False)
    ends_on = day_field(_("Last day"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].error_messages["required"] = _("Enter their name")

    def said(self) -> PersonSaid:
        """What was typed; only of a valid form."""
        return PersonSaid(**self.cleaned_data)


class RightForm(forms.Form):
    """What somebody may agree to for the patient, and how that was confirmed."""

    purposes = forms.MultipleChoiceField(
        label=_("They may agree to"),
        choices=[(Purpose.TELEHEALTH, _("video visits")), (Purpose.RECORDING, _("a recording of a visit"))],
        widget=forms.CheckboxSelectMultiple,
        initial=[Purpose.TELEHEALTH],
        error_messages={"required": _("Choose what they may agree to"), "invalid_choice": CHOOSE},
    )
    basis = forms.ChoiceField(
        label=_("By what right"),
        choices=ConsentRight.Basis.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose by what right they agree"), "invalid_choice": CHOOSE},
    )
    seen = words(_("Papers that you have seen"), 200)
    starts_on = day_field(_("First day"))
    ends_on = day_field(_("Last day"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].error_messages["required"] = _("Say which papers you have seen")


class PatientRegionForm(forms.Form):
    """Where a patient usually is."""

    region = RegionField(label=_("Usually is in"), empty=_("Nobody has said"), required=False)

    def __init__(self, *args: Any, divided: list[str], standing: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["region"] = standing
        self.fields["region"].offer(divided, standing)  # type: ignore[attr-defined]


class LicenceForm(forms.Form):
    """Where a practitioner may practise: a country, or one of its parts."""

    country = RegionField(label=_("Country"), empty=_("Choose a country"))
    part = words(_("Part of the country"), 80, required=False)
    starts_on = day_field(_("First day"), required=False)
    ends_on = day_field(_("Last day"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].offer([])  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The code of the part, whether it was typed as a code, with or without the country's, or by name."""
        typed = super().clean() or {}
        country, part = typed.get("country", ""), " ".join(typed.get("part", "").split())
        if not country or not part:
            return {**typed, "region": country}
        wanted = part.casefold().removeprefix(f"{country}-".casefold())
        for code, name in parts_of(country):
            if wanted in (code.partition("-")[2].casefold(), name.casefold()):
                return {**typed, "region": code}
        self.add_error("part", gettext("We know no such part of this country. Enter its name or its code, like IL."))
        return typed
