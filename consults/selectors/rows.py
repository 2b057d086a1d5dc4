"""Reading one row of a board by itself: the visit, its note, and what may be done with it there."""

import uuid as uuids
from dataclasses import dataclass

from accounts.actors import Actor
from accounts.policy import may, require
from consults.lifecycle import BEGUN, OVER, VisitStatus
from consults.models import DeskNote, Encounter
from consults.people import is_group, patients_of
from consults.policies import relation_to_row
from consults.selectors.board import Row, on_boards, rows_of
from consults.selectors.met import was_met
from consults.selectors.passing import Elsewhere, Stop, elsewhere, stops_of
from core.clock import now
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.policies import relation_to
from scheduling.viewing import record_views

# Who waits in line and is not there, but was not promised to be sent for.
REQUEUED = frozenset({"reconnecting", "away", "sent-for"})


@dataclass(frozen=True)
class RowPage:
    """What can be done with a row now; a thing that is not possible is left out."""

    encounter: Encounter
    row: Row
    note: DeskNote | None
    may_write: bool
    may_requeue: bool
    may_miss: bool
    # Its page in the calendar, which those who share the line see once they have claimed the patient.
    may_open: bool
    stops: list[Stop]
    # Where it can be passed on to: shared lines, and colleagues; both empty where it cannot.
    lines: list[Elsewhere]
    people: list[Elsewhere]


def get_row(actor: Actor, uuid: uuids.UUID) -> Encounter:
    """A visit as a row of a board, for those who see that board; NotFound for everybody else."""
    rows = Encounter.objects.select_related("organization", "practitioner", "queue")
    encounter = on_boards(rows.filter(uuid=uuid)).first()
    if encounter is None:
        raise NotFound
    require(actor, "consults.row.view", relation_to_row(actor, encounter))
    return encounter


def board_row(actor: Actor, uuid: uuids.UUID) -> RowPage:
    """The row with what may be done there now; recorded as seen."""
    encounter = get_row(actor, uuid)
    instant = now()
    record_views(actor=actor, patient_ids=[one.pk for one in patients_of(encounter)], page="queue")
    relation, is_over = relation_to_row(actor, encounter), encounter.status in OVER
    [row], appointment = rows_of([encounter], encounter.organization.timezone, instant), encounter.appointment
    called = encounter.status == VisitStatus.IN_PROGRESS and not was_met(encounter)
    is_due = appointment.status == AppointmentStatus.BOOKED and appointment.starts_at <= instant
    is_due = is_due and not appointment.is_walk_in
    booked = relation_to(actor, appointment)
    may_attend = may(actor, "scheduling.appointment.attend", booked)
    goes_on = encounter.status == VisitStatus.ARRIVED or actor.practitioner_id == encounter.practitioner_id
    goes_on = goes_on and encounter.status in {VisitStatus.ARRIVED, *BEGUN}
    may_pass_on = goes_on and may(actor, "consults.visit.pass_on", relation)
    lines, people = elsewhere(encounter) if may_pass_on else ([], [])
    return RowPage(
        encounter=encounter,
        row=row,
        note=row.note,
        may_write=not is_over and may(actor, "consults.note.change", relation),
        may_requeue=(called or row.state in REQUEUED) and may(actor, "consults.visit.requeue", relation),
        may_miss=row.state == "expected" and is_due and not is_group(encounter) and may_attend,
        may_open=may(actor, "scheduling.appointment.view", booked),
        stops=stops_of(encounter),
        lines=lines,
        people=people,
    )
