"""The administrators' pages of what visits take besides people's time: rooms, and interpreters with their languages."""

import uuid as uuids

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Location
from accounts.policy import guarded
from accounts.who import who
from scheduling.forms.rooms import InterpreterForm, RoomForm
from scheduling.models import Interpreter
from scheduling.selectors import rooms as selectors
from scheduling.services import rooms as services
from scheduling.views.changing import NAV, change
from scheduling.views.schedules import GET_POST


@require_safe
@guarded("scheduling.room.list")
def rooms(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    context = {"rooms": selectors.rooms_kept(actor), "interpreters": selectors.interpreters_kept(actor)}
    return render(request, "schedule/rooms.html", NAV | context)


@require_http_methods(GET_POST)
@guarded("scheduling.room.new")
def room_new(request: HttpRequest) -> HttpResponse:
    return _room(request, None)


@require_http_methods(GET_POST)
@guarded("scheduling.room.change")
def room(request: HttpRequest, room: uuids.UUID) -> HttpResponse:
    actor, _ = who(request)
    return _room(request, selectors.get_room(actor, room))


@require_http_methods(GET_POST)
@guarded("scheduling.interpreter.new")
def interpreter_new(request: HttpRequest) -> HttpResponse:
    return _interpreter(request, None)


@require_http_methods(GET_POST)
@guarded("scheduling.interpreter.change")
def interpreter(request: HttpRequest, interpreter: uuids.UUID) -> HttpResponse:
    actor, _ = who(request)
    return _interpreter(request, selectors.get_interpreter(actor, interpreter))


def _room(request: HttpRequest, standing: Location | None) -> HttpResponse:
    actor, clinic = who(request)
    first = {"name": standing.name, "is_active": standing.is_active} if standing else {"is_active": True}
    form = RoomForm(request.POST if request.method == "POST" else None, initial=first)
    return change(
        request,
        form=form,
        save=lambda accepted: services.save_room(actor=actor, organization=clinic, room=standing, **form.cleaned_data),
        show=lambda status: render(
            request, "schedule/room.html", NAV | {"form": form, "standing": standing}, status=status
        ),
        done=gettext("The room is saved."),
        go=reverse("rooms"),
    )


def _interpreter(request: HttpRequest, standing: Interpreter | None) -> HttpResponse:
    actor, clinic = who(request)
    first: dict[str, object] = {"is_active": True}
    if standing is not None:
        first = {"name": standing.name, "languages": standing.spoken, "is_active": standing.is_active}
    form = InterpreterForm(request.POST if request.method == "POST" else None, initial=first)
    return change(
        request,
        form=form,
        save=lambda accepted: services.save_interpreter(
            actor=actor, organization=clinic, interpreter=standing, **form.cleaned_data
        ),
        show=lambda status: render(
            request, "schedule/interpreter.html", NAV | {"form": form, "standing": standing}, status=status
        ),
        done=gettext("The interpreter is saved."),
        go=reverse("rooms"),
    )
