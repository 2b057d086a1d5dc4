"""Staff pages of a patient's people: who they are, what they may agree to, where the patient usually is."""

import uuid as uuids
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Patient, RelatedPerson
from accounts.policy import guarded
from accounts.selectors import former_people_of, get_patient, get_related, people_of
from accounts.services.people import add_related, change_related, end_related, say_region
from accounts.who import who
from consent.models import ConsentRight, Purpose
from consent.rights import is_child
from consent.selectors import is_minor, last_day_of, right_counts, rights_of
from consent.services.rights import give_right, withdraw_right
from core.clock import today
from core.errors import NotFound
from scheduling.forms.people import PatientRegionForm, RelatedForm, RightForm
from scheduling.selectors.regions import divided_countries
from scheduling.viewing import record_views
from scheduling.views.changing import change
from scheduling.views.schedules import GET_POST

NAV = {"nav": "calendar"}


@dataclass(frozen=True)
class RightShown:
    """A right with what its dates mean today."""

    right: ConsentRight
    counts: bool
    until: object
    """The last day, or None."""
    recording: bool


@dataclass(frozen=True)
class PersonShown:
    person: RelatedPerson
    right: RightShown | None
    """The one that counts."""
    former: list[RightShown]


@require_safe
@guarded("accounts.related.view")
def patient_people(request: HttpRequest, patient: uuids.UUID) -> HttpResponse:
    _actor, clinic = who(request)
    found = _patient(request, patient)
    form = PatientRegionForm(divided=divided_countries(clinic), standing=found.region)
    context = {
        "patient": found,
        "minor": is_minor(found),
        "majority": clinic.age_of_majority,
        "people": [_shown(one) for one in people_of(found)],
        "former": former_people_of(found),
        "region_form": form,
    }
    return render(request, "people/people.html", NAV | context)


@require_POST
@guarded("accounts.patient.region")
def patient_region(request: HttpRequest, patient: uuids.UUID) -> HttpResponse:
    actor, clinic = who(request)
    found = _patient(request, patient)
    form = PatientRegionForm(request.POST, divided=divided_countries(clinic), standing=found.region)
    if form.is_valid():
        say_region(actor=actor, patient=found, region=form.cleaned_data["region"])
        messages.success(request, _("Where the patient usually is, is saved."))
    return redirect("patient-people", patient=found.uuid)


@require_http_methods(GET_POST)
@guarded("accounts.related.add")
def related_new(request: HttpRequest, patient: uuids.UUID) -> HttpResponse:
    actor, _organization = who(request)
    found = _patient(request, patient)
    form = RelatedForm(request.POST if request.method == "POST" else None)
    return change(
        request,
        form=form,
        save=lambda accepted: add_related(actor=actor, patient=found, said=form.said()),
        show=lambda status: render(
            request, "people/related.html", NAV | {"form": form, "patient": found}, status=status
        ),
        done=_("They are among the people of this patient now."),
        go=_address(found),
    )


@require_http_methods(GET_POST)
@guarded("accounts.related.change")
def related(request: HttpRequest, related: uuids.UUID) -> HttpResponse:
    actor, _organization = who(request)
    person = get_related(actor, related)
    first = {name: getattr(person, name) for name in RelatedForm.base_fields}
    form = RelatedForm(request.POST if request.method == "POST" else None, initial=first)
    patient = _patient_of(person)
    page = NAV | {"form": form, "patient": patient, "standing": person}
    return change(
        request,
        form=form,
        save=lambda accepted: change_related(actor=actor, person=person, said=form.said()),
        show=lambda status: render(request, "people/related.html", page, status=status),
        done=_("The change is saved."),
        go=_address(patient),
    )


@require_http_methods(GET_POST)
@guarded("accounts.related.change")
def related_end(request: HttpRequest, related: uuids.UUID) -> HttpResponse:
    actor, _organization = who(request)
    person = get_related(actor, related)
    patient = _patient_of(person)
    if request.method != "POST":
        return render(request, "people/related_end.html", NAV | {"person": person, "patient": patient})
    end_related(actor=actor, person=person)
    messages.success(request, _("They are nobody of this patient any more, and their links are closed."))
    return redirect(_address(patient))


@require_http_methods(GET_POST)
@guarded("consent.right.give")
def related_right(request: HttpRequest, related: uuids.UUID) -> HttpResponse:
    actor, clinic = who(request)
    person = get_related(actor, related)
    patient = _patient_of(person)
    day = today(clinic.timezone)
    minor = is_child(patient.birth_date, clinic.age_of_majority, day)
    basis = ConsentRight.Basis.CHILD if minor else ConsentRight.Basis.DEED
    first = {"starts_on": day, "basis": basis}
    form = RightForm(request.POST if request.method == "POST" else None, initial=first)
    page = NAV | {"form": form, "patient": patient, "person": person, "majority": clinic.age_of_majority}
    return change(
        request,
        form=form,
        save=lambda accepted: give_right(actor=actor, related=person, **form.cleaned_data),
        show=lambda status: render(request, "people/right.html", page, status=status),
        done=_("What they may agree to is saved."),
        go=_address(patient),
    )


@require_POST
@guarded("consent.right.withdraw")
def related_right_withdraw(request: HttpRequest, related: uuids.UUID) -> HttpResponse:
    """All that stands: there is one at most."""
    actor, _organization = who(request)
    person = get_related(actor, related)
    for right in rights_of(person):
        withdraw_right(actor=actor, right=right)
    messages.success(request, _("From now on they agree to nothing for the patient."))
    return redirect(_address(_patient_of(person)))


def _shown(person: RelatedPerson) -> PersonShown:
    shown = [
        RightShown(one, right_counts(one), last_day_of(one), Purpose.RECORDING in one.purposes)
        for one in rights_of(person)
    ]
    right = next((one for one in shown if one.counts), None)
    return PersonShown(person, right, [one for one in shown if one is not right])


def _patient(request: HttpRequest, uuid: uuids.UUID) -> Patient:
    """The patient as the desk knows them; recorded as seen."""
    actor, clinic = who(request)
    found = get_patient(actor, uuid)
    if found.organization_id != clinic.pk:
        raise NotFound
    found = found.merged_into or found
    record_views(actor=actor, patient_ids=[found.pk], page="people")
    return found


def _patient_of(person: RelatedPerson) -> Patient:
    return person.patient.merged_into or person.patient


def _address(patient: Patient) -> str:
    return reverse("patient-people", kwargs={"patient": patient.uuid})
