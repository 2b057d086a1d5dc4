"""Writing from the board that somebody did not come: scheduling's own step, with the way back. And every way back."""

from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.policy import require
from consults.models import Encounter
from consults.people import is_group, the_group
from consults.policies import require_row
from consults.services import line, notes, passing, undoing
from consults.services.rows import locked_visit
from core.errors import Conflict, NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment
from scheduling.services import correct_no_show, lock_appointment, mark_no_show


class Undone(NamedTuple):
    encounter: Encounter
    said: str


@transaction.atomic
def mark_missed(*, actor: Actor, encounter: Encounter) -> str:
    """The patient did not come, as scheduling has it (mark_no_show). Returns what undoes it."""
    require_row(actor, "consults.row.view", encounter)
    if is_group(encounter):
        raise Conflict(_("Say of each of the group who did not come, on the page of the visit."), code="noshow.group")
    appointment = mark_no_show(actor=actor, appointment=encounter.appointment)
    return undoing.offer(actor, undoing.MISSED, encounter, sequence=appointment.sequence)


@transaction.atomic
def undo(*, actor: Actor, token: str) -> Undone:
    """Take back what was pressed a moment ago. Conflict `undo.late` where it is too late, or somebody acted upon it."""
    require(actor, "consults.board.undo")
    kind, visit, before = undoing.read(actor, token)
    found = Encounter.objects.filter(uuid=visit).values_list("pk", "appointment_id").first()
    if found is None:
        raise NotFound
    appointment = lock_appointment(found[1])
    encounter = locked_visit(Encounter(pk=found[0]))
    name = the_group() if is_group(encounter) else encounter.patient.given_name
    if kind == undoing.NOTE:
        notes.restore_note(actor, encounter, before["note"])
        return Undone(encounter, _("The note is back."))
    if kind == undoing.REQUEUE:
        line.restore_place(actor, encounter, before)
        return Undone(encounter, _("%(name)s has the former place again.") % {"name": name})
    if kind == undoing.ADMIT:
        line.unadmit(actor, encounter, before)
        return Undone(encounter, _("%(name)s waits again, at the same place.") % {"name": name})
    if kind == undoing.PASSED:
        passing.unpass(actor, encounter, before)
        return Undone(encounter, _("%(name)s waits again, at the same place.") % {"name": name})
    _correct(actor, appointment, before["sequence"])
    return Undone(encounter, _("%(name)s is expected again.") % {"name": name})


def _correct(actor: Actor, appointment: Appointment, sequence: int) -> None:
    if appointment.status != AppointmentStatus.NOSHOW or appointment.sequence != sequence:
        raise undoing.too_late()
    correct_no_show(actor=actor, appointment=appointment)
