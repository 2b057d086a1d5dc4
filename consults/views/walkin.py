"""The public page of a walk-in door, and the way back to a place in line; the address, to be handed on by the desk.

Whoever stands there is a browser with a cookie and nobody else (scheduling/visitors.py). Looking makes nothing: only
the form does, so a scanner that follows links takes nobody's place.
"""

import io
import uuid as uuids
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.policy import guarded
from accounts.who import who
from consent.models import Purpose
from consent.selectors import current_text, language_shown
from consults.forms import SHORT_CONSENT
from consults.models import Pool
from consults.selectors import walkin as selectors
from consults.services.walkin import come_in
from consults.walkin_form import WalkInForm
from core.clock import now
from core.errors import Conflict, Invalid, NotFound, RateLimited
from core.http import no_store
from scheduling.links import session_cookie_for, set_session
from scheduling.selectors.offering import offerings
from scheduling.views.visiting import count, key_of, uncount, with_key
from scheduling.visitors import WALK_IN_PREFIX, visitor

# Of these refusals the door itself says more, with the other ways in.
AT_THE_DOOR = frozenset({"line.off", "line.closed", "line.nobody", "line.full"})


@guarded("consults.walk_in.use")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def walk_in(request: HttpRequest, token: str) -> HttpResponseBase:
    """The door: open with its form, or what to do instead. What was typed stays, whatever the door has become."""
    pool = _pool(request, token)
    if request.method != "POST":
        form = WalkInForm(**_clinic_of(pool), initial={"version": _text(pool).shown_as})
        return with_key(request, _page(request, pool, form), path=WALK_IN_PREFIX)
    form = WalkInForm(request.POST, **_clinic_of(pool))
    if not form.is_valid():
        return _page(request, pool, form, status=422)
    key = key_of(request)
    try:
        count(request, "walk-in")
        link = come_in(actor=visitor(key), pool=pool, **form.wish)
    except (Conflict, Invalid, RateLimited) as refusal:
        if not isinstance(refusal, RateLimited):
            uncount(request, "walk-in")
        return _page(request, pool, form, refused=refusal, status=refusal.status)
    back = redirect("walk-in-back", token=token, place=link.appointment.uuid)
    return with_key(request, back, key, path=WALK_IN_PREFIX)


@guarded("consults.walk_in.use")
@no_store
@require_safe
def walk_in_back(request: HttpRequest, token: str, place: uuids.UUID) -> HttpResponseBase:
    """To the page of the own place, for the browser that has got it."""
    _pool(request, token)
    link = selectors.place_again(request.actor, place)  # type: ignore[attr-defined]
    response = redirect("visit", link=link.uuid)
    set_session(response, link, session_cookie_for(link), is_secure=request.is_secure())
    return response


@require_safe
@guarded("consults.pool.door")
def pool_poster(request: HttpRequest, pool: uuids.UUID) -> HttpResponse:
    """The door's address for staff: to copy, to scan from the screen, and to print and hang up."""
    actor, _clinic = who(request)
    found = selectors.pool_of_clinic(actor, pool)
    address = f"{settings.BASE_URL.rstrip('/')}{reverse('walk-in', kwargs={'token': found.door_token})}"
    context = {
        "nav": "queue",
        "pool": found,
        "door": selectors.door_of(found, now()),
        "address": address,
        "hours": selectors.hours_of(found),
        "zone": found.organization.timezone,
    }
    return render(request, "consults/pool_poster.html", context)


@require_safe
@guarded("consults.pool.door")
def pool_qr(request: HttpRequest, pool: uuids.UUID) -> HttpResponse:
    """The same address as a picture that a phone's camera reads."""
    import segno

    actor, _clinic = who(request)
    found = selectors.pool_of_clinic(actor, pool)
    address = f"{settings.BASE_URL.rstrip('/')}{reverse('walk-in', kwargs={'token': found.door_token})}"
    picture = io.BytesIO()
    segno.make_qr(address, error="m").save(picture, kind="svg", border=4, dark="#000", light="#fff", omitsize=True)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


def _page(
    request: HttpRequest,
    pool: Pool,
    form: WalkInForm,
    *,
    refused: Conflict | Invalid | RateLimited | None = None,
    status: int = 200,
) -> HttpResponse:
    door, text = selectors.door_of(pool, now()), _text(pool)
    if form.is_bound and form.data.get("version") != text.shown_as:
        # Other words came into force meanwhile: they are shown, and asked about anew.
        form.data = {**form.data.dict(), "version": text.shown_as, "agree": "", "adult_agrees": ""}  # type: ignore[attr-defined]
    doctor = _("The doctor")
    short, full = SHORT_CONSENT.format(doctor=doctor), text.body_for(doctor)
    context: dict[str, Any] = {
        "pool": pool,
        "door": door,
        "zone": pool.organization.timezone,
        "form": form,
        "token": pool.door_token,
        "places": selectors.own_places(request.actor),  # type: ignore[attr-defined]
        "refused": refused,
        # Who has typed everything keeps it, and tries again with one press.
        "shows_form": door.state == "open" or form.is_bound,
        "may_book": bool(offerings(pool.organization)),
        "before": door.waiting + door.coming,
        "consent_text": text,
        "consent_short": short,
        "consent_full": "" if full.split() == short.split() else full,
    }
    return render(request, "consults/walk_in.html", context, status=status)


def _clinic_of(pool: Pool) -> dict[str, Any]:
    """By whose days the form reckons, and from which age people agree for themselves."""
    return {"timezone": pool.organization.timezone, "majority": pool.organization.age_of_majority}


def _text(pool: Pool) -> Any:
    return current_text(pool.organization, Purpose.TELEHEALTH, language_shown(pool.organization.language))


def _pool(request: HttpRequest, token: str) -> Pool:
    pool = selectors.pool_at_door(token)
    if pool.organization_id != request.actor.organization_id:  # type: ignore[attr-defined]
        raise NotFound
    return pool
