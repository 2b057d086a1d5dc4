"""Reading what who waits and the front desk write to each other, by either side, and how much of it is unread."""

import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from django.db.models import Count, F, Q

from accounts.actors import Actor
from accounts.policy import may, require
from consults.lifecycle import OVER, VisitStatus, door_state
from consults.models import DeskMessage, DeskThread, Encounter
from consults.people import is_group, patients_of
from consults.policies import relation_to_row, require_visit
from consults.selectors.shown import is_withheld
from core.clock import now
from core.errors import NotFound
from scheduling.models import GroupPlace
from scheduling.selectors.groups import COMING, own_place
from scheduling.viewing import record_views

MOST_AT_ONCE = 500
HIGHEST_SEQ = 2**31 - 1


class DeskLine(TypedDict):
    seq: int
    mine: bool
    author: str
    by_patient: bool
    body: str
    sent_at: str
    client_id: str


@dataclass(frozen=True)
class DeskTalk:
    """One thread on the page of staff: with whom, what was written, and how much of it nobody has read."""

    member: uuids.UUID | None
    name: str
    lines: tuple[DeskLine, ...]
    unread: int


@dataclass(frozen=True)
class DeskPage:
    """A visit with its threads, as the desk and its practitioner see it."""

    encounter: Encounter
    talks: tuple[DeskTalk, ...]
    may_write: bool


def visit_at_desk(actor: Actor, uuid: uuids.UUID) -> Encounter:
    """A visit whose patient staff may write to; NotFound for everybody else."""
    rows = Encounter.objects.select_related("organization", "appointment", "patient", "practitioner", "queue")
    encounter = rows.filter(uuid=uuid).first()
    if encounter is None:
        raise NotFound
    require(actor, "consults.desk.view", relation_to_row(actor, encounter))
    return encounter


def desk_page(actor: Actor, uuid: uuids.UUID) -> DeskPage:
    """All threads of one visit; recorded as seen."""
    encounter = visit_at_desk(actor, uuid)
    record_views(actor=actor, patient_ids=[one.pk for one in patients_of(encounter)], page="desk")
    threads = {thread.member_id: thread for thread in DeskThread.objects.filter(encounter=encounter)}
    talks = [
        DeskTalk(
            member.uuid if member is not None else None,
            name,
            _lines(actor, threads.get(member.pk if member is not None else None), 0),
            _unread(threads.get(member.pk if member is not None else None)),
        )
        for member, name in _who(encounter)
    ]
    may_write = encounter.status not in OVER and may(actor, "consults.desk.post", relation_to_row(actor, encounter))
    return DeskPage(encounter, tuple(talks), may_write)


def staff_lines(actor: Actor, encounter: Encounter, member: uuids.UUID | None, seq: int) -> tuple[DeskLine, ...]:
    """What came after number `seq` in one thread, for staff."""
    require(actor, "consults.desk.view", relation_to_row(actor, encounter))
    return _lines(actor, thread_of(encounter, member_of(encounter, member)), seq)


def patient_lines(actor: Actor, encounter: Encounter, seq: int) -> tuple[DeskLine, ...]:
    """What came after number `seq` in the patient's own thread.

    When the visit is over, nothing before they have shown who they are.
    """
    require_visit(actor, "consults.desk.view", encounter)
    if is_withheld(actor, encounter):
        return ()
    return _lines(actor, thread_of(encounter, own_place(actor, encounter.appointment)), seq)


def desk_state(actor: Actor, encounter: Encounter) -> dict[str, Any] | None:
    """For who waits: how far the thread has come, what of it is new, and whether they may write now."""
    if not actor.is_patients_side:
        return None
    thread = thread_of(encounter, own_place(actor, encounter.appointment) if is_group(encounter) else None)
    seq, read = (thread.seq, thread.read_by_patient) if thread is not None else (0, 0)
    return {"seq": seq, "unread": max(0, seq - read), "open": may_patient_write(encounter)}


def may_patient_write(encounter: Encounter) -> bool:
    """From the door's opening until the visit is over."""
    if encounter.status in OVER:
        return False
    if encounter.status != VisitStatus.PLANNED:
        return True
    appointment = encounter.appointment
    return door_state(starts_at=appointment.starts_at, ends_at=appointment.ends_at, now=now()) == "open"


def desk_unread(visits: Sequence[int]) -> dict[int, int]:
    """For boards, by the visit's primary key: how many messages of patients no member of staff has on a page yet."""
    rows = DeskThread.objects.filter(encounter_id__in=visits)
    news = Q(messages__by_patient=True, messages__seq__gt=F("read_by_staff"))
    counted = rows.values_list("encounter_id").annotate(unread=Count("messages", filter=news)).filter(unread__gt=0)
    found: dict[int, int] = {}
    for visit, unread in counted:
        found[visit] = found.get(visit, 0) + unread
    return found


def member_of(encounter: Encounter, member: uuids.UUID | None) -> GroupPlace | None:
    """The place in a group that a page of staff names; None at a visit for one, NotFound for none of this visit."""
    if not is_group(encounter):
        return None
    places = GroupPlace.objects.filter(appointment_id=encounter.appointment_id)
    found = places.filter(uuid=member).first() if member is not None else None
    if found is None:
        raise NotFound
    return found


def thread_of(encounter: Encounter, member: GroupPlace | None) -> DeskThread | None:
    """None before the first message."""
    if is_group(encounter) and member is None:
        return None
    read: list[DeskThread] | None = getattr(encounter, "desk_threads_read", None)
    if read is not None and not is_group(encounter):
        return read[0] if read else None
    whose = member if is_group(encounter) else None
    return DeskThread.objects.filter(encounter=encounter, member=whose).first()


def desk_line(actor: Actor, message: DeskMessage) -> DeskLine:
    return {
        "seq": message.seq,
        "mine": (message.author_type, message.author_id) == (actor.type, actor.id),
        "author": message.author_label,
        "by_patient": message.by_patient,
        "body": message.body,
        "sent_at": message.sent_at.isoformat(),
        "client_id": str(message.client_id),
    }


def _lines(actor: Actor, thread: DeskThread | None, seq: int) -> tuple[DeskLine, ...]:
    if thread is None:
        return ()
    later = DeskMessage.objects.filter(thread=thread, seq__gt=min(max(seq, 0), HIGHEST_SEQ)).order_by("seq")
    return tuple(desk_line(actor, message) for message in later[:MOST_AT_ONCE])


def _unread(thread: DeskThread | None) -> int:
    if thread is None:
        return 0
    return DeskMessage.objects.filter(thread=thread, by_patient=True, seq__gt=thread.read_by_staff).count()


def _who(encounter: Encounter) -> list[tuple[GroupPlace | None, str]]:
    if not is_group(encounter):
        return [(None, encounter.patient.full_name)]
    places = GroupPlace.objects.select_related("patient").filter(appointment_id=encounter.appointment_id)
    coming = places.filter(status__in=COMING, patient__isnull=False).order_by("number")
    return [(place, place.patient.full_name) for place in coming if place.patient is not None]
