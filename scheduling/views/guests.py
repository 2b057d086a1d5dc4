"""Staff pages of a visit's guests: invited, given a new link, taken out again. Rules live in services."""

import uuid as uuids
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.policy import guarded, may
from core.errors import Conflict, Invalid
from scheduling.forms.guests import GuestForm, RelatedGuestForm
from scheduling.lifecycle import OVER
from scheduling.models import Appointment, Guest
from scheduling.policies import relation_to
from scheduling.selectors import get_appointment
from scheduling.selectors.guests import (
    addresses_of,
    agrees_for,
    get_guest,
    guests_of,
    link_of_guest,
    people_to_invite,
)
from scheduling.services import add_guest, reissue_link, remove_guest

NAV = {"nav": "calendar"}


@dataclass(frozen=True)
class GuestShown:
    """A guest as the visit's page lists them; `address` is empty for who may not hand it over."""

    guest: Guest
    address: str
    agrees: bool
    """For the patient, today."""


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.guest.add")
def appointment_guests(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor = _actor(request)
    found = get_appointment(actor, appointment)
    form = GuestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            guest = add_guest(actor=actor, appointment=found, **form.cleaned_data)
        except (Conflict, Invalid) as refusal:
            form.add_error("name", refusal.message)
        else:
            said = gettext("%(name)s is invited. Copy their link below and send it to them.")
            messages.success(request, said % {"name": guest.name})
            return redirect("appointment", appointment=found.uuid)
    status = 422 if form.is_bound else 200
    context = {"appointment": found, "form": form, "guest_form": form}
    return render(request, "scheduling/guest_new.html", NAV | context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.guest.add")
def appointment_related(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    """Somebody of the patient comes along."""
    actor = _actor(request)
    found = get_appointment(actor, appointment)
    people = people_to_invite(found)
    form = RelatedGuestForm(request.POST if request.method == "POST" else None, people=people, appointment=found)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            guest = add_guest(actor=actor, appointment=found, related=typed["related"], ends_at=typed["until"])
        except (Conflict, Invalid) as refusal:
            form.add_error("until" if refusal.extra.get("field") else "related", refusal.message)
        else:
            words = gettext("%(name)s is invited. Copy their link below and send it to them.") % {"name": guest.name}
            messages.success(request, words)
            return redirect("appointment", appointment=found.uuid)
    context = {"appointment": found, "form": form, "people": people}
    return render(request, "scheduling/guest_related.html", NAV | context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.link.reissue")
def guest_link(request: HttpRequest, appointment: uuids.UUID, guest: uuids.UUID) -> HttpResponse:
    actor = _actor(request)
    found = get_appointment(actor, appointment)
    who = get_guest(found, guest)
    if request.method != "POST":
        return render(request, "scheduling/guest_link.html", NAV | {"appointment": found, "guest": who})
    reissue_link(actor=actor, link=link_of_guest(who))
    said = gettext("%(name)s has a new link. The old one no longer works. Copy it and send it to them.")
    messages.success(request, said % {"name": who.name})
    return redirect("appointment", appointment=found.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.guest.remove")
def guest_remove(request: HttpRequest, appointment: uuids.UUID, guest: uuids.UUID) -> HttpResponse:
    actor = _actor(request)
    found = get_appointment(actor, appointment)
    who = get_guest(found, guest)
    if request.method != "POST":
        return render(request, "scheduling/guest_remove.html", NAV | {"appointment": found, "guest": who})
    remove_guest(actor=actor, guest=who)
    said = gettext("%(name)s does not come along any more, and their link is closed.")
    messages.success(request, said % {"name": who.name})
    return redirect("appointment", appointment=found.uuid)


def guests_shown(actor: Actor, appointment: Appointment) -> dict[str, Any]:
    """What the visit's page needs to show its guests, and what this person may do there."""
    is_open = appointment.status not in OVER
    relation = relation_to(actor, appointment)
    addresses = addresses_of(actor, appointment) if is_open else {}
    return {
        "guests": [GuestShown(one, addresses.get(one.pk, ""), agrees_for(one)) for one in guests_of(appointment)],
        "may_invite": is_open and may(actor, "scheduling.guest.add", relation),
        "people_to_invite": people_to_invite(appointment) if is_open else [],
        "may_uninvite": is_open and may(actor, "scheduling.guest.remove", relation),
        "guest_form": GuestForm(),
    }


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]
