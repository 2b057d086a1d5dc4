"""What the staff say of a visit besides its time: confirmed, missed, held after all. One button each, one address."""

import uuid as uuids
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from accounts.actors import Actor
from accounts.policy import guarded, may
from core.clock import now
from core.errors import Conflict, Invalid
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment
from scheduling.policies import relation_to
from scheduling.selectors import get_appointment
from scheduling.services import confirm_appointment, correct_no_show, mark_held, mark_no_show

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Say = Callable[[Actor, Appointment], Appointment]
# name -> (words on the button, what it does, what is said afterwards)
SAYINGS: dict[str, tuple["StrPromise", Say, "StrPromise"]] = {
    "confirm": (
        gettext_lazy("Confirm this visit"),
        lambda actor, one: confirm_appointment(actor=actor, appointment=one),
        gettext_lazy("The visit is confirmed."),
    ),
    "missed": (
        gettext_lazy("The patient did not come"),
        lambda actor, one: mark_no_show(actor=actor, appointment=one),
        gettext_lazy("Noted: the patient did not come."),
    ),
    "held": (
        gettext_lazy("The visit took place"),
        lambda actor, one: mark_held(actor=actor, appointment=one),
        gettext_lazy("Noted: the visit took place."),
    ),
    "came": (
        gettext_lazy("The visit took place after all"),
        lambda actor, one: correct_no_show(actor=actor, appointment=one, came=True),
        gettext_lazy("Put right: the visit took place."),
    ),
    "booked": (
        gettext_lazy("They may still come"),
        lambda actor, one: correct_no_show(actor=actor, appointment=one),
        gettext_lazy("Put right: the visit is booked again."),
    ),
}


@require_POST
@guarded("scheduling.appointment.attend")
def appointment_standing(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_appointment(actor, appointment)
    saying = SAYINGS.get(request.POST.get("say", ""))
    if saying is None:
        raise Invalid(gettext("Press one of the buttons on the page of the visit."), code="appointment.saying")
    _, say, said = saying
    try:
        say(actor, found)
    except Conflict as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, str(said))
    return redirect("appointment", appointment=found.uuid)


def sayings_for(actor: Actor, appointment: Appointment) -> list[tuple[str, str]]:
    """The buttons that make sense now, for who may press them."""
    if not may(actor, "scheduling.appointment.attend", relation_to(actor, appointment)):
        return []
    names: tuple[str, ...] = ()
    if appointment.status == AppointmentStatus.PENDING:
        names = ("confirm",)
    elif appointment.status == AppointmentStatus.NOSHOW:
        names = ("came", "booked")
    elif appointment.is_walk_in:
        names = ()
    elif appointment.status == AppointmentStatus.BOOKED and appointment.starts_at <= now():
        names = ("missed",) if appointment.is_video else ("held", "missed")
    return [(name, str(SAYINGS[name][0])) for name in names]
