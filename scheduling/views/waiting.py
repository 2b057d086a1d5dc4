"""The wait list as patients meet it: joining it, and their own page under /wait/<entry>/ with what is offered."""

import datetime as dt
import uuid as uuids
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import Actor
from accounts.addresses import client_network
from accounts.policy import guarded
from core.clock import now, today
from core.errors import Conflict, Invalid, NotFound, RateLimited
from core.http import no_store, wants_json
from scheduling import waitlinks
from scheduling.forms.selfbooking import WINDOWS, StartForm, WaitForm
from scheduling.links import address_of as address_of_visit
from scheduling.models import WaitListEntry
from scheduling.selectors.offering import clinic_of, offerings, terms_of
from scheduling.selectors.waiting import own_entry, own_visit
from scheduling.services.waitlist import accept_offer, decline_offer, join_wait_list, leave_wait_list
from scheduling.views.choosing import as_query
from scheduling.views.visiting import count, with_key
from scheduling.visitors import new_key

USUAL_WISH = dt.timedelta(days=28)


@guarded("scheduling.wait.join")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def book_wait(request: HttpRequest) -> HttpResponseBase:
    """Join the list. What for and with whom was said on the page before."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    clinic = clinic_of(actor)
    start = StartForm(request.GET, offerings=offerings(clinic))
    if not start.is_valid():
        return redirect("book")
    first = today(clinic.timezone)
    form = WaitForm(
        request.POST if request.method == "POST" else None,
        timezone=clinic.timezone,
        initial={"first_day": first, "last_day": first + USUAL_WISH},
    )
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                return _joined(request, form, start)
            except (Conflict, Invalid, RateLimited) as refusal:
                form.add_error("last_day" if refusal.code == "wait.too_long" else None, refusal.message)
                status = refusal.status
        else:
            status = Invalid.status
    context = {
        "form": form,
        "visit_type": start.cleaned_data["offering"].visit_type,
        "practitioner": start.cleaned_data["practitioner"],
        "terms": terms_of(clinic),
        "form_key": request.POST.get("form_key", "")[:64] or new_key(),
        "back": as_query({name: request.GET.get(name, "") for name in ("type", "who", "zone")}).urlencode(),
    }
    return with_key(request, render(request, "waiting/join.html", context, status=status))


@guarded("scheduling.wait.open")
@no_store
@require_safe
def wait(request: HttpRequest, wait: uuids.UUID) -> HttpResponseBase:
    """Without a session the page that posts the fragment's secret; with one the person's place on the list."""
    actor = _actor(request)
    if actor.type != "patient":
        if wants_json(request):
            raise NotFound
        return render(request, "waiting/opening.html", {"wait": wait})
    entry = own_entry(actor)
    if wants_json(request):
        return JsonResponse({"ok": True, "state": _state(entry)})
    return _page(request, entry)


@guarded("scheduling.wait.open")
@no_store
@require_POST
def wait_open(request: HttpRequest, wait: uuids.UUID) -> HttpResponse:
    """Only a POST with the secret makes a session, as for personal links."""
    secret = request.POST.get("secret", "")
    entry, cookie = waitlinks.open_entry(uuid=wait, secret=secret, address=client_network(request))
    response = HttpResponse(status=204)
    waitlinks.set_session(response, entry, cookie, is_secure=request.is_secure())
    return response


@guarded("scheduling.wait.answer")
@no_store
@require_POST
def wait_answer(request: HttpRequest, wait: uuids.UUID) -> HttpResponseBase:
    """One press: yes books what is offered, no lets the next person be asked."""
    actor = _actor(request)
    entry = own_entry(actor)
    if request.POST.get("answer") != "yes":
        decline_offer(actor=actor, entry=entry)
        return redirect("wait", wait=wait)
    try:
        accept_offer(actor=actor, entry=entry)
    except Conflict as conflict:
        return _page(request, own_entry(actor), refused=conflict.message, status=conflict.status)
    return redirect("wait", wait=wait)


@guarded("scheduling.wait.leave")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def wait_leave(request: HttpRequest, wait: uuids.UUID) -> HttpResponseBase:
    """The question on a page of its own, then off the list."""
    actor = _actor(request)
    entry = own_entry(actor)
    if request.method == "POST":
        leave_wait_list(actor=actor, entry=entry)
        return redirect("wait", wait=wait)
    return render(request, "waiting/leave.html", {"wait": wait, **_words(entry)})


def _joined(request: HttpRequest, form: WaitForm, start: StartForm) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    count(request, "wait")
    entry = join_wait_list(
        actor=actor,
        organization=clinic_of(actor),
        person=form.person,
        visit_type=start.cleaned_data["offering"].visit_type,
        practitioner=start.cleaned_data["practitioner"],
        **form.wish,
        form=request.POST.get("form_key", "")[:64],
    )
    response = redirect("wait", wait=entry.uuid)
    waitlinks.set_session(response, entry, waitlinks.session_cookie_for(entry), is_secure=request.is_secure())
    return response


def _page(request: HttpRequest, entry: WaitListEntry, *, refused: str = "", status: int = 200) -> HttpResponse:
    booked = own_visit(_actor(request), entry)
    context = {
        **_words(entry),
        "wait": entry.uuid,
        "refused": refused,
        "address": waitlinks.address_of(entry),
        "visit_address": address_of_visit(booked) if booked else "",
        "state": _state(entry),
        "server_time": now().isoformat(),
    }
    return render(request, "waiting/entry.html", context, status=status)


def _state(entry: WaitListEntry) -> str:
    """What the page shows. An offer that has run out is none, even before the job has taken it back."""
    offer = entry.offer
    if entry.status == "offered" and (offer is None or offer.status != "proposed" or offer.held_until <= now()):  # type: ignore[operator]
        return "waiting"
    return f"offered-{offer.pk}" if entry.status == "offered" and offer is not None else str(entry.status)


def _words(entry: WaitListEntry) -> dict[str, Any]:
    offer = entry.offer
    return {
        "entry": entry,
        "offer": offer,
        "visit_type": entry.visit_type,
        "practitioner": offer.practitioner if offer else entry.practitioner,
        "zone": offer.timezone if offer else entry.organization.timezone,
        "window": window_words(entry),
    }


def window_words(entry: WaitListEntry) -> str:
    """ "Morning, until noon"."""
    known = {(earliest, latest): words for words, earliest, latest in WINDOWS.values()}
    return str(known.get((entry.earliest, entry.latest), gettext("Any time")))


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
