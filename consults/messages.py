"""What patients are told whose page is closed while they wait: that they are next, and that the doctor is ready.

Both are looked at again right before they go: whoever has come back by then needs none.
"""

import datetime as dt

from accounts.models import Patient
from consults.lifecycle import VisitStatus
from consults.models import Arrival, Encounter, Queue, Seat
from consults.people import is_group
from consults.presence import SILENT_AFTER, is_open, open_now, patient_is_there
from core.clock import now
from notifications.kinds import PUSH, SMS, Group, Kind, Letter, Skip, kind_of, register
from notifications.models import Message
from notifications.selectors.choosing import Reach
from notifications.selectors.plans import plan_of
from notifications.services.outbox import put
from scheduling.links import address_of
from scheduling.messages.planning import times_left
from scheduling.messages.visits import visit_of

NEXT, READY = "visit.next", "visit.ready"
# A page that is loaded again is gone for a moment.
GRACE = SILENT_AFTER + dt.timedelta(seconds=5)
KEEPS = dt.timedelta(minutes=30)


def register_kinds() -> None:
    """Once, when the app is ready."""
    ways = (PUSH, SMS)
    register(Kind(NEXT, "You are next", Group.VISIT, look_next, _example, ways, urgent=True, keeps=KEEPS))
    register(Kind(READY, "Your doctor is ready", Group.VISIT, look_ready, _example, ways, urgent=True, keeps=KEEPS))


def tell_next(queue: Queue) -> None:
    """For the services of this app: the line has changed, or somebody's page has closed. Two queries in most cases."""
    first = _first_in_line(queue)
    for patient in _away(first) if first is not None else ():
        assert first is not None
        _put(NEXT, first, patient, now() + GRACE)


def tell_ready(encounter: Encounter) -> None:
    """For the services of this app: the visit has begun, perhaps without its patient. One query in most cases."""
    for patient in _away(encounter):
        _put(READY, encounter, patient, now())


def look_next(message: Message) -> Letter | Skip:
    encounter = _encounter_of(message)
    if encounter is None or encounter.status != VisitStatus.ARRIVED or not is_open(encounter, now()):
        return Skip("not_so")
    first = _first_in_line(encounter.queue)
    if first is None or first.pk != encounter.pk:
        return Skip("not_next")
    return _letter(message, encounter)


def look_ready(message: Message) -> Letter | Skip:
    encounter = _encounter_of(message)
    if encounter is None or encounter.status != VisitStatus.IN_PROGRESS:
        return Skip("over")
    return _letter(message, encounter)


def _letter(message: Message, encounter: Encounter) -> Letter | Skip:
    if message.patient not in _away(encounter):
        return Skip("page_open")
    visit = visit_of(message)
    if visit is None or not visit.is_newest or visit.link.revoked_at is not None:
        return Skip("not_so")
    return Letter({"link": address_of(visit.link)})


def _put(kind: str, encounter: Encounter, patient: Patient, due_at: dt.datetime) -> None:
    appointment = encounter.appointment
    visit_type = appointment.visit_type
    planned = plan_of(appointment.organization_id, visit_type.uuid if visit_type is not None else None)
    # Where nothing reaches them, the board says in the same moment that they are gone.
    if not planned[kind].is_on or not Reach(patient).reaches(kind_of(kind)):
        return
    version = appointment.time_sequence + (times_left(appointment, patient) if appointment.is_group else 0)
    put(kind=kind, patient=patient, about=appointment.uuid, version=version, due_at=due_at, revive=True)


def _first_in_line(queue: Queue) -> Encounter | None:
    """Of those who wait, in the order of the board."""
    rows = Encounter.objects.filter(open_now(now()), queue=queue, status=VisitStatus.ARRIVED)
    return rows.select_related("appointment", "patient").order_by("appointment__starts_at", "arrived_at", "pk").first()


def _encounter_of(message: Message) -> Encounter | None:
    rows = Encounter.objects.select_related("appointment", "patient", "queue")
    return rows.filter(appointment__uuid=message.about).first()


def _away(encounter: Encounter) -> list[Patient]:
    """Who has passed the door and has no page open now."""
    instant = now()
    seats = list(Seat.objects.filter(encounter=encounter, actor_type="patient"))
    if not is_group(encounter):
        return [] if patient_is_there(seats, encounter.arrived_at, instant) else [encounter.patient]
    arrivals = Arrival.objects.select_related("member__patient").filter(encounter=encounter, arrived_at__isnull=False)
    # A seat keeps the name by which somebody came, whoever the desk knows them as.
    known_as = dict(Patient.objects.filter(pk__in=[seat.actor_id for seat in seats]).values_list("pk", "merged_into"))
    away = []
    for arrival in arrivals.order_by("member__number"):
        patient = arrival.member.patient
        own = [seat for seat in seats if patient and patient.pk in (seat.actor_id, known_as.get(seat.actor_id))]
        if patient is not None and not patient_is_there(own, arrival.arrived_at, instant):
            away.append(patient)
    return away


def _example() -> Letter:
    return Letter({"link": "https://example.org/v/00000000-0000-0000-0000-000000000000/#example"})
