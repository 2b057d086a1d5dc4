"""The public booking pages under /book/: what for and with whom, which time, who you are, done. Plain forms all along.

Whoever books here is a browser with a cookie and nobody else (visitors.py); what it holds, no other browser can open.
"""

import datetime as dt
import uuid as uuids
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from accounts.policy import guarded
from core.clock import now
from core.errors import Conflict, Invalid, NotFound, RateLimited
from core.http import no_store
from core.templatetags.ui import clock_time
from scheduling import visitors
from scheduling.forms.selfbooking import ANYONE, DetailsForm, StartForm, TimeForm
from scheduling.links import address_of, session_cookie_for, set_session
from scheduling.models import Appointment, VisitType
from scheduling.selectors.days import Wanted
from scheduling.selectors.offering import (
    Offering,
    booked_instead,
    clinic_of,
    is_booked,
    last_day,
    offerings,
    own_booking,
    own_hold,
    terms_of,
    zone_of,
)
from scheduling.selectors.slots import nearest_free
from scheduling.selectors.told import confirmed_by
from scheduling.services.selfbooking import book_for_oneself, stands, take_time
from scheduling.views.choosing import Choice, as_query, near_choices, read_zone, times, zones
from scheduling.views.visiting import count, key_of, with_key

STEPS = 3


@guarded("scheduling.self_booking.view")
@no_store
@require_safe
def book(request: HttpRequest) -> HttpResponse:
    """The first step; its form leads to the second one, with the answers in the address."""
    _, clinic = _who(request)
    offered = offerings(clinic)
    chosen = {"type": request.GET.get("type", ""), "who": request.GET.get("who", "")}
    if len(offered) == 1:
        chosen["type"] = str(offered[0].visit_type.uuid)
    return _start_page(request, StartForm(initial=chosen, offerings=offered))


@guarded("scheduling.self_booking.use")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def book_time(request: HttpRequest) -> HttpResponseBase:
    """The second step: choose a time. Going on holds it."""
    _, clinic = _who(request)
    if not request.GET.get("type"):
        return redirect("book")
    start = StartForm(request.GET, offerings=offerings(clinic))
    if not start.is_valid():
        return _start_page(request, start, status=422)
    offering: Offering = start.cleaned_data["offering"]
    practitioner: Practitioner | None = start.cleaned_data["practitioner"]
    zone = read_zone(request.GET.get("zone"), clinic.timezone)
    if request.method != "POST":
        return with_key(request, _time_page(request, offering, practitioner, zone))
    form = TimeForm(request.POST)
    if not form.is_valid():
        return _time_page(request, offering, practitioner, zone, form=form, status=422)
    wanted = form.cleaned_data["time"]
    try:
        count(request, "hold")
        key = key_of(request)
        hold = take_time(
            actor=visitors.visitor(key),
            visit_type=offering.visit_type,
            practitioner=practitioner,
            starts_at=wanted,
            timezone=zone,
        )
    except (Conflict, Invalid, RateLimited) as refusal:
        form.add_error("time", _refused(refusal, wanted, zone))
        return _time_page(request, offering, practitioner, zone, form=form, status=refusal.status)
    there = as_query({"who": ANYONE if practitioner is None else "", "zone": request.GET.get("zone", "")})
    address = reverse("book-details", kwargs={"hold": hold.uuid})
    return with_key(request, redirect(f"{address}?{there.urlencode()}" if there else address), key)


@guarded("scheduling.self_booking.use")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def book_details(request: HttpRequest, hold: uuids.UUID) -> HttpResponse:
    """The third step: who you are. Nothing that was typed is lost, whatever has become of the time."""
    actor, clinic = _who(request)
    held = own_hold(actor, hold)
    if is_booked(held):
        return redirect("book-done", hold=held.uuid)
    if request.method != "POST" and not stands(held):
        booked = booked_instead(actor, held, held.starts_at)
        if booked is not None:
            return redirect("book-done", hold=booked.uuid)
    form = DetailsForm(request.POST if request.method == "POST" else None, timezone=clinic.timezone)
    if request.method != "POST":
        return _details_page(request, held, form)
    if not form.is_valid():
        if not form.cleaned_data.get("time") and _is_gone(actor, request, held):
            form.add_error("time", _gone(held.starts_at, held.timezone))
        return _details_page(request, held, form, status=422)
    wanted = form.cleaned_data["time"] or held.starts_at
    try:
        count(request, "book")
        booked = book_for_oneself(
            actor=actor, hold=held, person=form.person, starts_at=wanted, is_anyone=_is_anyone(request)
        )
    except (Conflict, Invalid, RateLimited) as refusal:
        form.add_error("time", _refused(refusal, wanted, held.timezone))
        return _details_page(request, held, form, around=wanted, status=refusal.status)
    return redirect("book-done", hold=booked.uuid)


@guarded("scheduling.self_booking.use")
@no_store
@require_safe
def book_done(request: HttpRequest, hold: uuids.UUID) -> HttpResponse:
    """The link, to be copied, and what happens next. The browser that booked may open it at once."""
    actor, _ = _who(request)
    link = own_booking(actor, hold)
    context = {**_visit_words(link.appointment), "address": address_of(link), "patient": link.patient}
    context["goes_by"] = confirmed_by(link.appointment)
    response = render(request, "booking/done.html", context)
    set_session(response, link, session_cookie_for(link), is_secure=request.is_secure())
    return response


def _start_page(request: HttpRequest, form: StartForm, status: int = 200) -> HttpResponse:
    practitioners = [(one, _offers(form.offerings, one)) for one in form.practitioners]
    context = {
        "form": form,
        "offerings": form.offerings,
        "practitioners": practitioners,
        "anyone": ANYONE,
        "chosen": {name: form[name].value() for name in ("type", "who")},
    }
    return render(request, "booking/start.html", context, status=status)


def _time_page(
    request: HttpRequest,
    offering: Offering,
    practitioner: Practitioner | None,
    zone: str,
    *,
    form: TimeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    actor, clinic = _who(request)
    wanted = Wanted(offering.visit_type, practitioner, offering.practitioners)
    asked = form.cleaned_data.get("time") if form is not None and form.is_bound else None
    theirs = zone_of(practitioner, clinic)
    found = times(
        actor, wanted, request.GET, zone=zone, last=last_day(wanted.people, zone), chosen=asked, theirs=theirs
    )
    context = {
        "form": form,
        "times": found,
        "zones": zones(),
        "nearest": _nearest(actor, offering.visit_type, practitioner, asked, zone) if status == 409 and asked else (),
        "practitioner": practitioner,
        "visit_type": offering.visit_type,
        "theirs": theirs,
        "terms": terms_of(clinic),
        "step": 2,
        "steps": STEPS,
        "wait_query": as_query({name: request.GET.get(name, "") for name in ("type", "who", "zone")}).urlencode(),
    }
    return render(request, "booking/time.html", context, status=status)


def _details_page(
    request: HttpRequest, held: Appointment, form: DetailsForm, *, around: dt.datetime | None = None, status: int = 200
) -> HttpResponse:
    actor, clinic = _who(request)
    gone = bool(form.errors.get("time")) or _is_gone(actor, request, held)
    nearest: tuple[Choice, ...] = ()
    if gone:
        who = None if _is_anyone(request) else held.practitioner
        nearest = _nearest(actor, _type_of(held), who, around or held.starts_at, held.timezone)
    context = {
        **_visit_words(held),
        "form": form,
        "is_held": stands(held),
        "is_gone": gone,
        "nearest": nearest,
        "terms": terms_of(clinic),
        "server_time": now().isoformat(),
        "step": 3,
        "steps": STEPS,
        "back": _back(request, held),
        "is_video": held.modality.startswith("video"),
    }
    return render(request, "booking/details.html", context, status=status)


def _visit_words(appointment: Appointment) -> dict[str, Any]:
    length = appointment.ends_at - appointment.starts_at
    return {
        "appointment": appointment,
        "practitioner": appointment.practitioner,
        "visit_type": appointment.visit_type,
        "zone": appointment.timezone,
        "theirs": zone_of(appointment.practitioner, appointment.organization),
        "minutes": int(length.total_seconds() // 60),
    }


def _nearest(
    actor: Actor, visit_type: VisitType, practitioner: Practitioner | None, around: dt.datetime, zone: str
) -> tuple[Choice, ...]:
    found = nearest_free(actor, visit_type=visit_type, practitioner=practitioner, around=around)
    return near_choices([offer.starts_at for offer in found], around, zone)


def _is_gone(actor: Actor, request: HttpRequest, held: Appointment) -> bool:
    """Whether the hold has run out and its time is taken by now."""
    if stands(held):
        return False
    who = None if _is_anyone(request) else held.practitioner
    near = nearest_free(actor, visit_type=_type_of(held), practitioner=who, around=held.starts_at, count=1)
    return held.starts_at not in {offer.starts_at for offer in near}


def _gone(at: dt.datetime, zone: str) -> str:
    return gettext("%(time)s was just taken. Choose another time") % {"time": clock_time(at, zone)}


def _refused(refusal: Conflict | Invalid | RateLimited, at: dt.datetime, zone: str) -> str:
    return _gone(at, zone) if refusal.code == "slot.taken" else refusal.message


def _back(request: HttpRequest, held: Appointment) -> str:
    """To the second step, on the day of the time that is held."""
    day = held.starts_at.astimezone(ZoneInfo(held.timezone)).date()
    query = as_query(
        {
            "type": str(_type_of(held).uuid),
            "who": ANYONE if _is_anyone(request) else str(held.practitioner.uuid),
            "day": day.isoformat(),
            "zone": request.GET.get("zone", ""),
        }
    )
    return f"{reverse('book-time')}?{query.urlencode()}"


def _offers(offered: Any, practitioner: Practitioner) -> str:
    """The visit types that somebody offers, for the page's script."""
    return " ".join(str(one.visit_type.uuid) for one in offered if practitioner in one.practitioners)


def _type_of(held: Appointment) -> VisitType:
    if held.visit_type is None:
        raise NotFound
    return held.visit_type


def _is_anyone(request: HttpRequest) -> bool:
    return request.GET.get("who") == ANYONE


def _who(request: HttpRequest) -> tuple[Actor, Organization]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor, clinic_of(actor)
