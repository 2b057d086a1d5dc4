"""The page of a practitioner's own calendars, whose busy times block their free ones here."""

import uuid as uuids
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actors import Actor
from accounts.policy import guarded
from core.errors import Conflict, Invalid
from core.http import no_store
from scheduling.forms.busy import BusyForm
from scheduling.selectors.busy import busy_calendars, get_busy_calendar
from scheduling.services.busy import add_busy_calendar, remove_busy_calendar

NAV = {"nav": "busy"}


@guarded("scheduling.busy.add")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def busy(request: HttpRequest) -> HttpResponse:
    """The calendars that are read, and a form for another."""
    actor = _actor(request)
    form = BusyForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                add_busy_calendar(actor=actor, url=form.cleaned_data["url"])
            except (Invalid, Conflict) as refusal:
                form.add_error("url", refusal.message)
                status = refusal.status
            else:
                messages.success(request, gettext("The calendar is added. Its busy times come here in a minute."))
                return redirect("busy-calendars")
    context = {"rows": busy_calendars(actor), "form": form}
    return render(request, "scheduling/busy.html", NAV | context, status=status)


@guarded("scheduling.busy.remove")
@no_store
@require_POST
def busy_remove(request: HttpRequest, busy: uuids.UUID) -> HttpResponse:
    actor = _actor(request)
    remove_busy_calendar(actor=actor, calendar=get_busy_calendar(actor, busy))
    messages.success(request, gettext("The calendar is removed. Its busy times no longer block yours."))
    return redirect("busy-calendars")


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]
