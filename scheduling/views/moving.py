"""Moving one's own visit by the personal link, under /v/<link>/move/: the same page of times as booking has."""

import datetime as dt
import uuid as uuids
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.policy import guarded
from core.clock import now
from core.errors import Conflict, Invalid
from core.http import no_store
from core.templatetags.ui import clock_time
from scheduling.forms.selfbooking import TimeForm
from scheduling.models import Appointment
from scheduling.selectors import get_link
from scheduling.selectors.changing import movable_to, until_when
from scheduling.selectors.days import Wanted
from scheduling.selectors.offering import last_day, zone_of
from scheduling.selectors.slots import nearest_free
from scheduling.services.changing import move_by_patient
from scheduling.views.choosing import Choice, near_choices, read_zone, times, zones


@guarded("scheduling.appointment.move")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def visit_move(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """Choose another time; within the clinic's notice the page says until when it could be and whom to call."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    appointment = get_link(actor).appointment
    zone = read_zone(request.GET.get("zone"), appointment.timezone)
    if request.method != "POST":
        return _page(request, actor, link, appointment, zone)
    form = TimeForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, link, appointment, zone, form=form, status=422)
    wanted = form.cleaned_data["time"]
    try:
        move_by_patient(
            actor=actor, appointment=appointment, starts_at=wanted, sequence=_number(request.POST.get("sequence"))
        )
    except (Conflict, Invalid) as refusal:
        is_taken = refusal.code == "slot.taken"
        taken = gettext("%(time)s was just taken. Choose another time") % {"time": clock_time(wanted, zone)}
        words = taken if is_taken else refusal.message
        form.add_error("time", words)
        appointment = get_link(actor).appointment
        return _page(request, actor, link, appointment, zone, form=form, status=refusal.status)
    return redirect("visit", link=link)


def _page(
    request: HttpRequest,
    actor: Actor,
    link: uuids.UUID,
    appointment: Appointment,
    zone: str,
    *,
    form: TimeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    wanted = movable_to(actor, appointment)
    context: dict[str, Any] = {
        "link": link,
        "form": form,
        "appointment": appointment,
        "practitioner": appointment.practitioner,
        "zone": zone,
        "until": until_when(appointment),
        "is_late": now() > until_when(appointment),
        "wanted": wanted,
    }
    if wanted is None:
        return render(request, "booking/move_closed.html", context, status=status)
    asked = form.cleaned_data.get("time") if form is not None else None
    context |= {
        "times": times(
            actor,
            wanted,
            request.GET,
            zone=zone,
            last=last_day(wanted.people, zone),
            chosen=asked,
            theirs=zone_of(appointment.practitioner, appointment.organization),
        ),
        "zones": zones(),
        "nearest": _nearest(actor, wanted, asked, zone) if status == 409 and asked else (),
    }
    return render(request, "booking/move.html", context, status=status)


def _nearest(actor: Actor, wanted: Wanted, around: dt.datetime, zone: str) -> tuple[Choice, ...]:
    found = nearest_free(
        actor,
        visit_type=wanted.visit_type,
        practitioner=wanted.practitioner,
        around=around,
        minutes=wanted.minutes,
        others=wanted.others,
    )
    return near_choices([offer.starts_at for offer in found], around, zone)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
