"""Appointments for people's own calendars: the file of one visit, and the page and file of a private feed."""

import uuid as uuids
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import Actor
from accounts.policy import guarded
from core.http import no_store
from scheduling import feeds, invites
from scheduling.selectors import get_appointment, get_link
from scheduling.selectors.feeds import feed_rows, my_feed, open_feed
from scheduling.services.feeds import renew_feed, revoke_feed

NAV = {"nav": "feed"}


@guarded("scheduling.appointment.invite")
@no_store
@require_safe
def appointment_file(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    """For staff: one appointment of theirs or the clinic's."""
    actor = _actor(request)
    found = get_appointment(actor, appointment)
    own = found.practitioner_id == actor.practitioner_id
    address = reverse("appointment", kwargs={"appointment": found.uuid})
    return _file(invites.invitation(found, summary=invites.for_staff(found, own=own), address=address))


@guarded("scheduling.appointment.invite")
@no_store
@require_safe
def visit_file(request: HttpRequest, link: uuids.UUID) -> HttpResponse:
    """For the patient by their link. The address in it lacks the secret: their link stays the only key."""
    found = get_link(_actor(request)).appointment
    address = reverse("visit", kwargs={"link": link})
    return _file(invites.invitation(found, summary=invites.for_patient(found), address=address))


@guarded("scheduling.feed.keep")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """The page with the address; a POST makes the first one or another."""
    actor = _actor(request)
    if request.method == "POST":
        renew_feed(actor=actor)
        messages.success(request, gettext("Here is your new address. An older one no longer works."))
        return redirect("calendar-feed")
    feed = my_feed(actor)
    context = {"feed": feed, "address": feeds.address_of(feed) if feed else "", "own": actor.practitioner_id}
    return render(request, "scheduling/calendar_feed.html", NAV | context)


@guarded("scheduling.feed.keep")
@no_store
@require_POST
def calendar_feed_revoke(request: HttpRequest) -> HttpResponse:
    revoke_feed(actor=_actor(request))
    messages.success(request, gettext("The address is closed. Take the calendar out of your program too."))
    return redirect("calendar-feed")


@guarded("scheduling.feed.read")
@require_safe
def calendar_feed_file(request: HttpRequest, feed: uuids.UUID, secret: str) -> HttpResponse:
    """What calendar programs read. No session counts here, only the address."""
    found = open_feed(feed, secret)
    feeds.count_read(found)
    rows = feed_rows(found)
    etag = invites.etag_of(rows.appointments, rows.clinic, rows.own)
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if etag in known or "*" in known:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(
            invites.feed(
                rows.appointments,
                name=gettext("Visits, %(clinic)s") % {"clinic": rows.clinic},
                summaries=[invites.for_staff(one, own=rows.own) for one in rows.appointments],
                addresses=[reverse("appointment", kwargs={"appointment": one.uuid}) for one in rows.appointments],
            ),
            content_type=invites.CONTENT_TYPE,
        )
    response.headers["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _file(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=invites.CONTENT_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    patch_vary_headers(response, ["Cookie"])
    return response


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]
