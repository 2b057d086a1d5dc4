"""Staff pages of appointments: one with its personal link, and what is done to it. Rules live in services."""

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.policy import Relation, guarded, may
from accounts.who import who
from core.errors import Conflict
from scheduling.forms.appointments import CancelForm
from scheduling.forms.calendar import ShownForm
from scheduling.lifecycle import OVER
from scheduling.links import address_of
from scheduling.models import Appointment
from scheduling.policies import may_for, relation_to
from scheduling.ports import device_checks
from scheduling.selectors import get_appointment, link_of, states_now
from scheduling.selectors.histories import following_in_series
from scheduling.selectors.licensing import licence_note
from scheduling.selectors.told import messages_of
from scheduling.services import cancel_appointment, cancel_series, reissue_link
from scheduling.views.groups import group_shown
from scheduling.views.guests import guests_shown
from scheduling.views.standing import sayings_for

NAV = {"nav": "calendar"}


@require_safe
@guarded("scheduling.appointment.list")
def appointments(request: HttpRequest) -> HttpResponse:
    """The address of the list that was here before the calendar, whose list view it is now."""
    asked = ShownForm(request.GET).asked()["on"]
    day = f"on={asked.isoformat()}&" if asked else ""
    return redirect(f"{reverse('calendar')}?{day}view=list")


@require_safe
@guarded("scheduling.appointment.view")
def appointment(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor, _ = who(request)
    return _show(request, actor, get_appointment(actor, appointment), CancelForm())


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.appointment.cancel")
def appointment_cancel(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor, _ = who(request)
    found = get_appointment(actor, appointment)
    form = CancelForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            _cancel(request, actor, found, form)
        except Conflict as refusal:
            if refusal.code != "appointment.changed":
                raise
            form.add_error("reason", refusal.message)
            found, status = get_appointment(actor, found.uuid), refusal.status
        else:
            return redirect("appointment", appointment=found.uuid)
    context = {"appointment": found, "cancel_form": form, "form": form, "following": following_in_series(found)}
    return render(request, "scheduling/appointment_cancel.html", NAV | context, status=status)


def _cancel(request: HttpRequest, actor: Actor, found: Appointment, form: CancelForm) -> None:
    asked: dict[str, Any] = {"reason": form.cleaned_data["reason"], "sequence": form.seen}
    if form.cleaned_data["following"] and found.series_id is not None:
        gone = cancel_series(actor=actor, appointment=found, **asked)
        messages.success(request, _cancelled_words(len(gone)))
    else:
        cancel_appointment(actor=actor, appointment=found, **asked)
        messages.success(request, gettext("The visit is cancelled. The time is free again."))


def _cancelled_words(number: int) -> str:
    words = ngettext(
        "%(number)s visit is cancelled. Its time is free again.",
        "%(number)s visits are cancelled. Their times are free again.",
        number,
    )
    return words % {"number": number}


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.link.reissue")
def appointment_link(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    actor, _ = who(request)
    found = get_appointment(actor, appointment)
    if found.is_group:
        raise Conflict(gettext("Everybody in a group has a link. Renew it beside their name."), code="group.links")
    if request.method != "POST":
        return render(request, "scheduling/appointment_link.html", NAV | {"appointment": found})
    reissue_link(actor=actor, link=link_of(actor, found))
    messages.success(
        request, gettext("Here is the new link. The old one no longer works. Copy it and send it to the patient.")
    )
    return redirect("appointment", appointment=found.uuid)


def _show(request: HttpRequest, actor: Actor, found: Appointment, cancel_form: CancelForm) -> HttpResponse:
    relation = relation_to(actor, found, over=found.status in OVER)
    is_open = found.status not in OVER
    context = {
        "appointment": found,
        "state": states_now(actor, [found])[found.pk],
        "address": address_of(link_of(actor, found))
        if is_open and not found.is_group and may(actor, "scheduling.link.view", relation)
        else "",
        "may_renew": is_open and may(actor, "scheduling.link.reissue", relation),
        "may_cancel": is_open and may(actor, "scheduling.appointment.cancel", relation),
        "may_sort": _is_unsorted(found) and may(actor, "scheduling.patient.merge", Relation.SAME_CLINIC),
        "cancel_form": cancel_form,
        "licence_note": licence_note(found) if is_open else "",
        "following": following_in_series(found),
        "sayings": sayings_for(actor, found),
        **guests_shown(actor, found),
        **group_shown(actor, found),
        "told": messages_of(found),
        "device_checks": device_checks(actor, found),
        "may_resend": may(actor, "notifications.message.resend", Relation.SAME_CLINIC),
        "may_follow": may_for(actor, "scheduling.appointment.book", found.practitioner),
    }
    return render(request, "scheduling/appointment.html", NAV | context)


def _is_unsorted(appointment: Appointment) -> bool:
    """Whether the patient typed themselves in, and nobody has said yet who that is."""
    return not appointment.is_group and appointment.patient is not None and appointment.patient.self_registered
