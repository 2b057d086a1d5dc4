"""Places in a group visit: given, held and given up. The visit's row is locked, so of two who want the last one waits.

Who may ask for one, groups.py and the services of booking have checked before.
"""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from accounts.models import Patient
from audit.services import record
from core.clock import now
from core.errors import Conflict
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus, moved
from scheduling.models import Appointment, GroupPlace, PersonalLink
from scheduling.selectors.groups import COMING, JOINABLE, taken
from scheduling.services.checks import Wish
from scheduling.services.rows import lock_appointment, spoken_time
from scheduling.services.spans import end_hold, occupy_more, vacate
from scheduling.services.spans import taken as refusal

GROUP = "group"


def group_of(wish: Wish) -> Appointment | None:
    """The standing group visit that this wish is for: the same type, practitioner and beginning. It may be full."""
    if wish.capacity == 1:
        return None
    rows = Appointment.objects.filter(
        visit_type=wish.visit_type, practitioner=wish.practitioner, starts_at=wish.starts_at, status__in=JOINABLE
    )
    if wish.modality:
        rows = rows.filter(modality=wish.modality)
    if wish.room is not None:
        rows = rows.filter(room=wish.room)
    if wish.interpreter is not None:
        rows = rows.filter(interpreter=wish.interpreter)
    return rows.filter(capacity__gt=1).first()


def open_places(appointment: Appointment, patients: Sequence[Patient]) -> None:
    """The first places of a group visit that has just been made, before its time is taken."""
    for number, patient in enumerate(patients, start=1):
        _give(appointment, number, appointment.status, patient=patient)


def join(actor: Actor, group: Appointment, patients: Sequence[Patient], action: str) -> Appointment:
    """Places, time and links for these patients, or for none of them, inside `guarded`. Who has one keeps it.

    Raises Conflict `slot.taken`, with whose="group" where there are not enough places left.
    """
    group = _joinable(group)
    known = set(GroupPlace.objects.filter(appointment=group, status__in=COMING).values_list("patient_id", flat=True))
    new = [one for one in patients if one.pk not in known]
    if not new:
        return group
    for number, patient in zip(_free(actor, group, len(new)), new, strict=True):
        _give(group, number, AppointmentStatus.BOOKED, patient=patient)
    occupy_more(actor, group, new)
    for patient in new:
        _welcome(actor, group, patient, action)
    return group


def hold_place(actor: Actor, group: Appointment, hold: Appointment) -> None:
    """A place for the minutes of `hold`, which takes nobody's time: the practitioner's is the group's already."""
    group = _joinable(group)
    [number] = _free(actor, group, 1)
    _give(group, number, AppointmentStatus.PROPOSED, hold=hold)


def take_held(
    actor: Actor, hold: Appointment, patient: Patient, status: AppointmentStatus, action: str
) -> Appointment | None:
    """The place that a locked hold keeps is the patient's; the group. None when the group was cancelled meanwhile."""
    kept = GroupPlace.objects.get(hold=hold)
    group = lock_appointment(kept.appointment_id)
    place = GroupPlace.objects.select_for_update().get(pk=kept.pk)
    if group.status not in JOINABLE or place.status != AppointmentStatus.PROPOSED:
        return None
    place.patient = patient
    place.status = moved(place.status, status)
    place.save(update_fields=["patient", "status"])
    occupy_more(actor, group, [patient])
    _welcome(actor, group, patient, action)
    return group


def give_up(actor: Actor, group: Appointment, place: GroupPlace, reason: str, action: str) -> bool:
    """One patient of a locked group comes no more. False, and nothing done, where they are the only one."""
    others = GroupPlace.objects.filter(appointment=group, status__in=COMING).exclude(pk=place.pk)
    heir = others.select_related("patient").order_by("number").first()
    if heir is None or place.patient is None:
        return False
    ports.tell_patient_left(actor, group, place.patient)
    place.status = moved(place.status, AppointmentStatus.CANCELLED)
    place.cancellation_reason = reason.strip()[:200]
    place.save(update_fields=["status", "cancellation_reason"])
    vacate(group, place.patient)
    if group.patient_id == place.patient_id:
        group.patient = heir.patient
        group.save(update_fields=["patient"])
        ports.tell_patient_changed(actor, [group.pk], heir.patient)  # type: ignore[arg-type]
    changed(actor, group)
    ports.tell_time_freed(group.organization_id, group.practitioner, group.starts_at, group.ends_at)
    record(actor=actor, action=action, entity=group, patient_id=place.patient_id)
    return True


def changed(actor: Actor, group: Appointment) -> None:
    """Who comes to a group is another: calendars, boards and pages look again. For who stays nothing has changed."""
    ports.tell_status_changed(actor, group)
    ports.tell_changed(group)


def _joinable(group: Appointment) -> Appointment:
    """The group locked and read afresh: it may have been cancelled since."""
    locked = lock_appointment(group.pk)
    if locked.status not in JOINABLE:
        raise Conflict(_("This group visit is over. Choose another time."), code="appointment.over")
    return locked


def _free(actor: Actor, group: Appointment, count: int) -> list[int]:
    """So many numbers that nobody has, lowest first; held places that have run out are given back for it."""
    _end_run_out(actor, group)
    gone = set(GroupPlace.objects.filter(taken(), appointment=group).values_list("number", flat=True))
    left = [number for number in range(1, group.capacity + 1) if number not in gone]
    if len(left) < count:
        raise full(group, len(left))
    return left[:count]


def full(group: Appointment, left: int = 0) -> Conflict:
    time = spoken_time(group.starts_at, group.timezone)
    words = _("The group at %(time)s is full. Choose another time.")
    if left:
        words = ngettext(
            "The group at %(time)s has %(left)s place left. Choose another time.",
            "The group at %(time)s has %(left)s places left. Choose another time.",
            left,
        )
    return refusal(words % {"time": time, "left": left}, group.starts_at, GROUP)


def _end_run_out(actor: Actor, group: Appointment) -> None:
    """One that somebody else has locked is being booked or given back this moment, and counts until it is."""
    held = Q(holds_place__appointment=group, holds_place__status=AppointmentStatus.PROPOSED)
    run_out = Appointment.objects.filter(held, status=AppointmentStatus.PROPOSED, held_until__lte=now())
    ids = list(run_out.values_list("pk", flat=True))
    locked = Appointment.objects.select_for_update(skip_locked=True).filter(pk__in=ids)
    for hold in locked.filter(status=AppointmentStatus.PROPOSED, held_until__lte=now()).order_by("pk"):
        end_hold(actor, hold, "time over, wanted by another")


def _give(
    group: Appointment,
    number: int,
    status: str,
    *,
    patient: Patient | None = None,
    hold: Appointment | None = None,
) -> None:
    GroupPlace.objects.create(
        organization_id=group.organization_id,
        appointment=group,
        number=number,
        capacity=group.capacity,
        status=status,
        patient=patient,
        hold=hold,
    )


def _welcome(actor: Actor, group: Appointment, patient: Patient, action: str) -> None:
    """What comes with a place: the link, which somebody who comes back has already, and that everybody looks again."""
    link_for(group, patient)
    ports.tell_patient_joined(actor, group, patient)
    changed(actor, group)
    record(actor=actor, action=action, entity=group, patient_id=patient.pk)


def link_for(group: Appointment, patient: Patient) -> PersonalLink:
    """The patient's own link to the visit, made where there is none under any name of theirs."""
    theirs = Q(patient=patient) | Q(patient__merged_into=patient)
    known = PersonalLink.objects.filter(theirs, appointment=group, guest=None).order_by("pk").first()
    return known or PersonalLink.objects.create(
        organization_id=group.organization_id, appointment=group, patient=patient
    )
