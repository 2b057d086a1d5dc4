"""Writing between who waits and the front desk: stored once, numbered without gaps, and noted as read."""

import uuid as uuids

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.policy import require
from consults import hints
from consults.lifecycle import VisitStatus, door_state
from consults.models import DeskMessage, DeskThread, Encounter
from consults.people import is_group, name_in_room, patient_of
from consults.policies import relation_to_row, require_row, require_visit, visit_late
from consults.selectors.desk import DeskLine, desk_line, may_patient_write, member_of, thread_of
from consults.services.chat import checked_body
from consults.services.rows import locked_visit, raise_queue_version, record_visit
from consults.services.seats import person_id
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.models import GroupPlace
from scheduling.selectors.groups import own_place


@transaction.atomic
def post_to_desk(*, actor: Actor, encounter: Encounter, body: str, client_id: uuids.UUID) -> DeskLine:
    """The patient writes; the same `client_id` again returns what is stored. Conflict `visit.early` before the door
    opens, `visit.over` afterwards."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.desk.view", encounter)
    member = own_place(actor, encounter.appointment) if is_group(encounter) else None
    if is_group(encounter) and member is None:
        raise NotFound
    stored = _stored(actor, thread_of(encounter, member), client_id)
    if stored is not None:
        return desk_line(actor, stored)
    require_visit(actor, "consults.desk.post", encounter)
    _require_open(encounter)
    # Who opens the door for a child writes under their own name.
    own = actor.type == "patient"
    label = name_in_room(patient_of(actor, encounter), encounter) if own else actor.label
    return _post(actor, encounter, member, label, body, client_id, by_patient=True)


@transaction.atomic
def post_from_desk(
    *, actor: Actor, encounter: Encounter, body: str, client_id: uuids.UUID, member: uuids.UUID | None = None
) -> DeskLine:
    """Staff write to the patient of a visit, of a group to `member`; the same `client_id` again changes nothing."""
    encounter = locked_visit(encounter)
    require(actor, "consults.desk.view", relation_to_row(actor, encounter))
    place = member_of(encounter, member)
    stored = _stored(actor, thread_of(encounter, place), client_id)
    if stored is not None:
        return desk_line(actor, stored)
    require_row(actor, "consults.desk.post", encounter)
    return _post(actor, encounter, place, actor.label, body, client_id, by_patient=False)


@transaction.atomic
def read_at_desk(*, actor: Actor, encounter: Encounter, seq: int, member: uuids.UUID | None = None) -> None:
    """A member of staff has everything up to `seq` on their page; boards count no more of it as unread."""
    require(actor, "consults.desk.view", relation_to_row(actor, encounter))
    thread = thread_of(encounter, member_of(encounter, member))
    if thread is None:
        return
    behind = DeskThread.objects.filter(pk=thread.pk, read_by_staff__lt=seq, seq__gte=seq)
    if behind.update(read_by_staff=seq):
        raise_queue_version(encounter.queue)


@transaction.atomic
def read_by_patient(*, actor: Actor, encounter: Encounter, seq: int) -> None:
    """The patient has everything up to `seq` on an open page."""
    require_visit(actor, "consults.desk.view", encounter)
    thread = thread_of(encounter, own_place(actor, encounter.appointment) if is_group(encounter) else None)
    if thread is not None:
        DeskThread.objects.filter(pk=thread.pk, read_by_patient__lt=seq, seq__gte=seq).update(read_by_patient=seq)


def _post(
    actor: Actor,
    encounter: Encounter,
    member: GroupPlace | None,
    label: str,
    body: str,
    client_id: uuids.UUID,
    *,
    by_patient: bool,
) -> DeskLine:
    body = checked_body(body)
    thread = thread_of(encounter, member) or DeskThread(encounter=encounter, member=member)
    thread.seq += 1
    # Whoever answers has read what was there: on their page it stood above the answer.
    reader = "read_by_patient" if by_patient else "read_by_staff"
    setattr(thread, reader, thread.seq)
    # How far the other side has read is noted without the visit's lock, meanwhile too: their number is left alone.
    thread.save(update_fields=["seq", reader] if thread.pk else None)
    message = DeskMessage.objects.create(
        thread=thread,
        seq=thread.seq,
        author_type=actor.type,
        author_id=person_id(actor),
        author_label=label,
        by_patient=by_patient,
        body=body,
        client_id=client_id,
        sent_at=now(),
    )
    hints.desk_changed(encounter)
    raise_queue_version(encounter.queue)
    record_visit(actor, "consults.desk.post", encounter, seq=message.seq)
    return desk_line(actor, message)


def _stored(actor: Actor, thread: DeskThread | None, client_id: uuids.UUID) -> DeskMessage | None:
    if thread is None:
        return None
    mine = DeskMessage.objects.filter(thread=thread, author_type=actor.type, author_id=person_id(actor))
    return mine.filter(client_id=client_id).first()


def _require_open(encounter: Encounter) -> None:
    if may_patient_write(encounter):
        return
    appointment = encounter.appointment
    state = door_state(starts_at=appointment.starts_at, ends_at=appointment.ends_at, now=now())
    if encounter.status == VisitStatus.PLANNED and state == "early":
        raise Conflict(_("You can write to the front desk when the door is open."), code="visit.early")
    raise visit_late()
