"""What messages are about, as staff read it: visits and places on the wait list; and the messages of one visit."""

import uuid as uuids
from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.policy import may
from core.templatetags.ui import clock_time, long_date
from notifications.lifecycle import OPEN, MessageStatus
from notifications.ports import Subject, VisitTypeName
from notifications.selectors.messages import Told, messages_about
from scheduling.lifecycle import OVER
from scheduling.messages import planning
from scheduling.models import Appointment, VisitType, WaitListEntry
from scheduling.policies import may_change_clinic, relation_to, relation_to_entry

_GOES = (*OPEN, MessageStatus.SENT, MessageStatus.DELIVERED)


def subjects(actor: Actor, abouts: Collection[uuids.UUID]) -> dict[uuids.UUID, Subject]:
    """Of these ids the visits and wishes that the actor may see, with their pages."""
    visits = Appointment.objects.filter(uuid__in=abouts).select_related("practitioner")
    wishes = WaitListEntry.objects.filter(uuid__in=abouts).select_related("visit_type")
    return {
        **{one.uuid: _visit(one) for one in visits if _may_see(actor, one)},
        **{one.uuid: _wish(one) for one in wishes if may(actor, "scheduling.wait.view", relation_to_entry(actor, one))},
    }


def visit_type_names(actor: Actor) -> list[VisitTypeName]:
    """The types of visit of the clinic that may have plans of their own."""
    if actor.organization_id is None or not may_change_clinic(
        actor, actor.organization_id, "scheduling.visit_type.list"
    ):
        return []
    found = VisitType.objects.filter(organization_id=actor.organization_id).order_by("-is_active", "name")
    return [VisitTypeName(one.uuid, one.name) for one in found]


def messages_of(appointment: Appointment) -> list[Told]:
    """All messages about a visit; whoever asks has been shown the visit."""
    return messages_about(appointment.organization_id, {appointment.uuid})


def confirmed_by(appointment: Appointment) -> str:
    """By which channel its booking is told of; empty where that goes nowhere."""
    kinds = (planning.BOOKED, planning.LINK)
    found = (one.message for one in messages_of(appointment) if one.message.kind in kinds)
    return next((one.channel for one in found if one.status in _GOES), "")


def _may_see(actor: Actor, appointment: Appointment) -> bool:
    return may(actor, "scheduling.appointment.view", relation_to(actor, appointment, over=appointment.status in OVER))


def _visit(one: Appointment) -> Subject:
    if one.is_walk_in:
        day = long_date(one.starts_at, one.timezone)
        return Subject(_("Walk-in, %(day)s") % {"day": day}, reverse("appointment", args=[one.uuid]))
    when = f"{long_date(one.starts_at, one.timezone)}, {clock_time(one.starts_at, one.timezone)}"
    words = _("Visit with %(doctor)s, %(when)s") % {"doctor": one.practitioner.short_name, "when": when}
    return Subject(words, reverse("appointment", args=[one.uuid]))


def _wish(one: WaitListEntry) -> Subject:
    words = _("Wait list, %(kind)s") % {"kind": one.visit_type.name}
    return Subject(words, reverse("wait-list-entry", args=[one.uuid]))
