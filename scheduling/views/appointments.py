"""Staff pages of appointments: the day's list, a new one, one with its personal link. Rules live in services."""

import datetime as dt
import uuid as uuids

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from accounts.policy import Relation, guarded, may
from accounts.selectors import organization_of, practitioners
from core.clock import today
from core.errors import Conflict, Invalid, NotFound
from scheduling.forms.appointments import AppointmentForm, CancelForm, DayForm
from scheduling.lifecycle import OVER
from scheduling.links import address_of
from scheduling.models import Appointment
from scheduling.policies import relation_to
from scheduling.selectors import appointments_on, get_appointment, link_of, patients_to_choose, states_now
from scheduling.services import book_appointment, cancel_appointment, reissue_link

NAV = {"nav": "appointments"}


@require_safe
@guarded("scheduling.appointment.list")
def appointments(request: HttpRequest) -> HttpResponse:
    actor, clinic = _who(request)
    present_day = today(clinic.timezone)
    form = DayForm(request.GET or None)
    asked = form.cleaned_data["on"] if form.is_valid() else None
    on: dt.date = asked or present_day
    found = appointments_on(actor, on)
    states = states_now(actor, found)
    context = {
        "rows": [(one, states[one.pk]) for one in found],
        "on": on,
        "is_today": on == present_day,
        "form": DayForm(initial={"on": on}),
        "may_book": _may_book(actor),
    }
    return render(request, "scheduling/appointments.html", NAV | context)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.appointment.book")
def appointment_new(request: HttpRequest) -> HttpResponse:
    actor, clinic = _who(request)
    form = AppointmentForm(
        request.POST if request.method == "POST" else None,
        patients=patients_to_choose(actor),
        practitioners=_bookable(actor),
        timezone=clinic.timezone,
        initial=_first_values(actor, clinic),
    )
    status = 200
    if request.method == "POST":
        booked, status = _book(actor, clinic, form)
        if booked is not None:
            messages.success(request, "The visit is booked. Copy the link below and send it to the patient.")
            return redirect("appointment", appointment=booked.uuid)
    return render(request, "scheduling/appointment_new.html", NAV | {"form": form}, status=status)


@require_safe
@guarded("scheduling.appointment.view")
def appointment(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor, _ = _who(request)
    return _show(request, actor, get_appointment(actor, appointment), CancelForm())


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.appointment.cancel")
def appointment_cancel(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor, _ = _who(request)
    found = get_appointment(actor, appointment)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        context = {"appointment": found, "cancel_form": form, "form": form}
        return render(request, "scheduling/appointment_cancel.html", NAV | context, status=status)
    cancel_appointment(actor=actor, appointment=found, reason=form.cleaned_data["reason"])
    messages.success(request, "The visit is cancelled. The time is free again.")
    return redirect("appointment", appointment=found.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.link.reissue")
def appointment_link(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor, _ = _who(request)
    found = get_appointment(actor, appointment)
    if request.method != "POST":
        return render(request, "scheduling/appointment_link.html", NAV | {"appointment": found})
    reissue_link(actor=actor, link=link_of(actor, found))
    messages.success(request, "Here is the new link. The old one no longer works. Copy it and send it to the patient.")
    return redirect("appointment", appointment=found.uuid)


def _who(request: HttpRequest) -> tuple[Actor, Organization]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    clinic = organization_of(actor)
    if clinic is None:
        raise NotFound
    return actor, clinic


def _may_book(actor: Actor) -> bool:
    return any(may(actor, "scheduling.appointment.book", relation) for relation in (Relation.SAME_CLINIC, Relation.OWN))


def _bookable(actor: Actor) -> QuerySet[Practitioner]:
    """Whose visits the actor may book: the desk everybody's, a practitioner their own."""
    found = practitioners(actor)
    if may(actor, "scheduling.appointment.book", Relation.SAME_CLINIC):
        return found
    return found.filter(pk=actor.practitioner_id or 0)


def _first_values(actor: Actor, clinic: Organization) -> dict[str, object]:
    own = _bookable(actor).filter(pk=actor.practitioner_id or 0).first()
    return {"on": today(clinic.timezone), "practitioner": own.uuid if own else None}


def _book(actor: Actor, clinic: Organization, form: AppointmentForm) -> tuple[Appointment | None, int]:
    """The appointment, or None with the page's status: 422 for what was typed, 409 for a time taken meanwhile."""
    if not form.is_valid():
        return None, 422
    typed = form.cleaned_data
    try:
        booked = book_appointment(
            actor=actor,
            patient=typed["patient"],
            practitioner=typed["practitioner"],
            starts_at=typed["starts_at"],
            ends_at=typed["starts_at"] + dt.timedelta(minutes=typed["minutes"]),
            timezone=clinic.timezone,
            reason=typed["reason"],
        )
    except (Conflict, Invalid) as refusal:
        form.add_error("at", refusal.message)
        return None, refusal.status
    return booked, 200


def _show(request: HttpRequest, actor: Actor, found: Appointment, cancel_form: CancelForm) -> HttpResponse:
    relation = relation_to(actor, found, over=found.status in OVER)
    is_open = found.status not in OVER
    context = {
        "appointment": found,
        "state": states_now(actor, [found])[found.pk],
        "address": address_of(link_of(actor, found))
        if is_open and may(actor, "scheduling.link.view", relation)
        else "",
        "may_renew": is_open and may(actor, "scheduling.link.reissue", relation),
        "may_cancel": is_open and may(actor, "scheduling.appointment.cancel", relation),
        "cancel_form": cancel_form,
    }
    return render(request, "scheduling/appointment.html", NAV | context)
