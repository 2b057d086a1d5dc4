"""Staff pages of who comes to a group visit: added, taken off, confirmed, missed, given a new link. Rules: services."""

import datetime as dt
import uuid as uuids
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actors import Actor
from accounts.policy import guarded, may
from accounts.selectors import patients
from core.errors import Conflict, Invalid
from scheduling import ports
from scheduling.forms.groups import AddPatientForm
from scheduling.lifecycle import OVER
from scheduling.links import address_of
from scheduling.models import Appointment, GroupPlace
from scheduling.policies import relation_to
from scheduling.selectors import get_appointment, patients_to_choose
from scheduling.selectors.appointments import links_of_group
from scheduling.selectors.groups import coming_to, get_place
from scheduling.services import (
    add_patient,
    confirm_patient,
    correct_patient_missing,
    mark_patient_missing,
    reissue_link,
    remove_patient,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

NAV = {"nav": "calendar"}
Say = Callable[[Actor, GroupPlace], Any]
# name -> (what it does, what is said afterwards of the patient)
SAYINGS: dict[str, tuple[Say, "StrPromise"]] = {
    "remove": (
        lambda actor, place: remove_patient(actor=actor, place=place),
        gettext_lazy("%(name)s does not come any more."),
    ),
    "confirm": (lambda actor, place: confirm_patient(actor=actor, place=place), gettext_lazy("%(name)s is confirmed.")),
    "missed": (
        lambda actor, place: mark_patient_missing(actor=actor, place=place),
        gettext_lazy("%(name)s did not come: noted."),
    ),
    "may-come": (
        lambda actor, place: correct_patient_missing(actor=actor, place=place),
        gettext_lazy("%(name)s may still come: put right."),
    ),
    "new-link": (
        lambda actor, place: _new_link(actor, place),
        gettext_lazy("%(name)s has a new link. The old one no longer works."),
    ),
}


@dataclass(frozen=True)
class Member:
    """One of a group as the visit's page lists them; `address` is empty for who may not hand it over."""

    place: GroupPlace
    address: str
    has_come: bool


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.group.change")
def appointment_patients(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    """One patient more; who cannot come then is told with the times around, and stays chosen."""
    actor = _actor(request)
    found = get_appointment(actor, appointment)
    form = AddPatientForm(request.POST if request.method == "POST" else None, patients=patients(actor))
    nearest, status = [], 422 if form.is_bound else 200
    if form.is_valid():
        patient = form.cleaned_data["patient"]
        try:
            add_patient(actor=actor, appointment=found, patient=patient)
        except (Conflict, Invalid) as refusal:
            form.add_error("patient", refusal.message)
            nearest, status = _nearest(refusal, found, str(patient.uuid)), refusal.status
        else:
            said = gettext("%(name)s comes too. Copy their link below and send it to them.")
            messages.success(request, said % {"name": patient.full_name})
            return redirect("appointment", appointment=found.uuid)
    chosen = form.cleaned_data.get("patient") if form.is_bound else None
    form.fields["patient"].queryset = patients_to_choose(actor, only=chosen)  # type: ignore[attr-defined]
    context = {"appointment": found, "form": form, "nearest": nearest}
    return render(request, "scheduling/group_add.html", NAV | context, status=status)


@require_POST
@guarded("scheduling.group.change")
def group_place(request: HttpRequest, place: uuids.UUID) -> HttpResponse:
    """What is said of one patient's place: one address for all the buttons beside their name."""
    actor = _actor(request)
    found = get_place(actor, place)
    saying = SAYINGS.get(request.POST.get("say", ""))
    if saying is None:
        raise Invalid(gettext("Press one of the buttons on the page of the visit."), code="group.saying")
    say, said = saying
    try:
        say(actor, found)
    except Conflict as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, said % {"name": found.patient.full_name if found.patient else ""})
    return redirect("appointment", appointment=found.appointment.uuid)


def group_shown(actor: Actor, appointment: Appointment) -> dict[str, Any]:
    """What the visit's page needs to show who comes, and what this person may do there."""
    if not appointment.is_group:
        return {}
    is_open = appointment.status not in OVER
    relation = relation_to(actor, appointment)
    links = links_of_group(actor, appointment) if is_open else {}
    places = coming_to(appointment)
    return {
        "members": [
            Member(
                one,
                address_of(links[one.patient_id]) if one.patient_id in links else "",
                one.patient is not None and ports.was_there(appointment, one.patient),
            )
            for one in places
        ],
        "places_left": appointment.capacity - len(places),
        "may_change_group": may(actor, "scheduling.group.change", relation),
        "is_open": is_open,
    }


def _new_link(actor: Actor, place: GroupPlace) -> None:
    link = links_of_group(actor, place.appointment)[place.patient_id or 0]
    reissue_link(actor=actor, link=link)


def _nearest(refusal: Conflict | Invalid, group: Appointment, patient: str) -> list[dict[str, Any]]:
    """The times around, each leading to the booking form with everything filled in."""
    found = []
    for offer in refusal.extra.get("nearest", ()):
        starts_at = dt.datetime.fromisoformat(offer["starts_at"])
        local = starts_at.astimezone(ZoneInfo(group.organization.timezone))
        asked = {
            "practitioner": offer["practitioner"],
            "on": f"{local:%Y-%m-%d}",
            "at": f"{local:%H:%M}",
            "visit_type": str(group.visit_type.uuid) if group.visit_type else "",
            "patient": patient,
        }
        address = f"{reverse('appointment-new')}?{urlencode(asked)}"
        found.append({"starts_at": starts_at, "name": offer["name"], "address": address})
    return found


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
