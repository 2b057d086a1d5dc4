"""What every page that changes hours does the same: save, or show first which booked visits it would leave outside."""

import uuid as uuids
from collections.abc import Callable
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actors import Actor
from core.errors import Conflict, Invalid
from scheduling.selectors.schedules import with_people
from scheduling.services.stranding import Stranding

# Buttons and answers of the question itself; everything else was typed and is carried along.
NOT_TYPED = frozenset({"csrfmiddlewaretoken", "accepted", "back"})
MOST_SHOWN = 200
NAV: dict[str, Any] = {"nav": "hours"}


class Save(Protocol):
    """Saves what the form has, although these visits will be outside the hours."""

    def __call__(self, accepted: frozenset[uuids.UUID]) -> object: ...


def change(
    request: HttpRequest,
    *,
    form: forms.Form,
    save: Save,
    show: Callable[[int], HttpResponse],
    done: str,
    go: str,
) -> HttpResponse:
    """Answer a page with one form. `show` draws it with a status, `done` is said after saving, on the page `go`."""
    if request.method != "POST" or "back" in request.POST:
        return show(200)
    if not form.is_valid():
        return show(422)
    try:
        save(accepted_in(request))
    except Stranding as stranding:
        return ask(request, stranding)
    except (Invalid, Conflict) as refusal:
        field = refusal.extra.get("field")
        form.add_error(field if field in form.fields else None, refusal.message)
        return show(refusal.status)
    messages.success(request, done)
    return redirect(go)


def ask(request: HttpRequest, stranding: Stranding) -> HttpResponse:
    """Which visits it would leave outside, each with its page; everything typed comes along, on and back."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    stranded = stranding.appointments
    context = {
        "visits": with_people(actor, stranded[:MOST_SHOWN]),
        "count": len(stranded),
        "more": max(len(stranded) - MOST_SHOWN, 0),
        # In one field: a form may have a thousand of them at most, and a clinic more visits.
        "accepted": " ".join(str(one.uuid) for one in stranded),
        "typed": [(name, value) for name, values in request.POST.lists() for value in values if name not in NOT_TYPED],
    }
    return render(request, "schedule/stranding.html", NAV | context, status=stranding.status)


def accepted_in(request: HttpRequest) -> frozenset[uuids.UUID]:
    """The visits that the question showed; what is no id was not shown."""
    found = set()
    for value in request.POST.get("accepted", "").split():
        try:
            found.add(uuids.UUID(value))
        except ValueError:
            continue
    return frozenset(found)
