"""The desk's pages of the wait list: who waits, who is offered a time and has to be told, one entry with its link."""

import uuid as uuids

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import Actor
from accounts.policy import guarded
from core.http import no_store
from scheduling.selectors.waiting import get_entry, wait_list
from scheduling.services.waitlist import leave_wait_list
from scheduling.views.waiting import window_words
from scheduling.waitlinks import address_of

NAV = {"nav": "wait-list"}


@require_safe
@guarded("scheduling.wait.list")
def staff_wait_list(request: HttpRequest) -> HttpResponse:
    standing, over = wait_list(_actor(request))
    context = {"standing": [(one, window_words(one)) for one in standing], "over": over}
    return render(request, "scheduling/wait_list.html", NAV | context)


@no_store
@require_safe
@guarded("scheduling.wait.view")
def staff_wait_entry(request: HttpRequest, entry: uuids.UUID) -> HttpResponse:
    found = get_entry(_actor(request), entry)
    context = {"entry": found, "window": window_words(found), "address": address_of(found)}
    return render(request, "scheduling/wait_entry.html", NAV | context)


@require_POST
@guarded("scheduling.wait.leave")
def staff_wait_remove(request: HttpRequest, entry: uuids.UUID) -> HttpResponse:
    actor = _actor(request)
    leave_wait_list(actor=actor, entry=get_entry(actor, entry))
    messages.success(request, gettext("They are off the wait list. Their page says so."))
    return redirect("wait-list")


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
