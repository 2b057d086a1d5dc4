"""What patients are told whose page is closed while they wait: that they are next, that the doctor is ready, and that
their place in line was not kept any longer.

And what the front desk is told: that somebody waits whom nobody has called. All are looked at again right before they
go: whoever has come back, or was called in by then, needs none.
"""

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_noop

from accounts.models import Patient
from consults.answering import their_time
from consults.lifecycle import BEGUN, OVER, VisitStatus
from consults.models import Arrival, Encounter, Seat
from consults.order import in_line
from consults.people import FOR_PATIENT, is_group
from consults.presence import SILENT_AFTER, is_open, open_now, patient_is_there
from consults.turns import silent_turns
from core.clock import now
from notifications.kinds import EMAIL, PUSH, SMS, Group, Kind, Letter, Skip, kind_of, register
from notifications.models import Message
from notifications.selectors.choosing import Reach
from notifications.selectors.plans import plan_of
from notifications.services.outbox import put
from scheduling.links import address_of
from scheduling.messages.planning import times_left
from scheduling.messages.visits import visit_of
from scheduling.models import BookingTerms

NEXT, READY, PLACE_LOST = "visit.next", "visit.ready", "visit.place_lost"
UNANSWERED = "desk.unanswered"
# A page that is loaded again is gone for a moment.
GRACE = SILENT_AFTER + dt.timedelta(seconds=5)
KEEPS = dt.timedelta(minutes=30)
# More than the times that a visit is moved: what is sent in each turn is another message, and the newest.
EACH_TURN = 1_000


def register_kinds() -> None:
    """Once, when the app is ready."""
    ways = (PUSH, SMS)
    register(Kind(NEXT, gettext_noop("You are next"), Group.VISIT, look_next, _example, ways, urgent=True, keeps=KEEPS))
    register(
        Kind(
            READY,
            gettext_noop("Your doctor is ready"),
            Group.VISIT,
            look_ready,
            _example,
            ways,
            urgent=True,
            keeps=KEEPS,
        )
    )
    lost = gettext_noop("Your place in line is free again")
    register(Kind(PLACE_LOST, lost, Group.VISIT, look_place_lost, _example, ways, urgent=True, keeps=KEEPS))
    told = Kind(
        UNANSWERED,
        gettext_noop("Nobody has called a patient"),
        Group.DESK,
        look_unanswered,
        _desk_example,
        (EMAIL,),
        urgent=True,
        to_desk=True,
        keeps=KEEPS,
    )
    register(told)


def tell_next(encounter: Encounter, due_at: dt.datetime) -> None:
    """For the services of this app: it is the turn of this visit, whose patient's page is closed."""
    for patient in _away(encounter):
        _put(NEXT, encounter, patient, due_at)


def tell_ready(encounter: Encounter) -> None:
    """For the services of this app: the visit has begun, perhaps without its patient. One query in most cases."""
    for patient in _away(encounter):
        _put(READY, encounter, patient, now())


def tell_place_lost(encounter: Encounter, patient: Patient) -> None:
    """For the services of this app: this patient was silent for too long."""
    _put(PLACE_LOST, encounter, patient, now())


def way_to_call_back(encounter: Encounter) -> str:
    """By which channel the patient is told that they are next, "push" or "sms"; empty where nothing reaches them."""
    kind, reach = kind_of(NEXT), Reach(encounter.patient)
    if not _is_planned(NEXT, encounter) or not reach.reaches(kind):
        return ""
    return reach.first(kind)


def tell_desk(encounter: Encounter, wait: int) -> bool:
    """For the services of this app: nobody calls them. False where the clinic has no address for it, or wants none."""
    appointment = encounter.appointment
    if not _desk_of(encounter.organization_id) or not plan_of(appointment.organization_id)[UNANSWERED].is_on:
        return False
    return put(kind=UNANSWERED, patient=encounter.patient, about=appointment.uuid, version=wait) is not None


def look_unanswered(message: Message) -> Letter | Skip:
    """Nobody is named in it but the practitioner or the line: a mailbox is read by whoever sits there."""
    encounter = _encounter_of(message)
    if encounter is None or encounter.status != VisitStatus.ARRIVED or not is_open(encounter, now()):
        return Skip("not_so")
    desk = _desk_of(message.organization_id)
    if not desk:
        return Skip("not_so")
    minutes = int((now() - their_time(encounter)).total_seconds() // 60)
    whose = encounter.queue.pool.name if encounter.queue.pool else encounter.practitioner.short_name
    return Letter({"whose": whose, "minutes": minutes, "link": _board_address()}, desk=desk)


def look_next(message: Message) -> Letter | Skip:
    encounter = _encounter_of(message)
    if encounter is None or encounter.status != VisitStatus.ARRIVED or not is_open(encounter, now()):
        return Skip("not_so")
    if encounter.pk not in {turn.encounter.pk for turn in silent_turns(encounter.queue, now())}:
        return Skip("page_open" if _is_first(encounter) else "not_next")
    return _letter_to_who_is_away(message, encounter)


def look_place_lost(message: Message) -> Letter | Skip:
    encounter = _encounter_of(message)
    if encounter is None or not _has_lost_place(message, encounter):
        return Skip("not_so")
    return _letter(message)


def look_ready(message: Message) -> Letter | Skip:
    encounter = _encounter_of(message)
    if encounter is None or encounter.status != VisitStatus.IN_PROGRESS:
        return Skip("over")
    return _letter_to_who_is_away(message, encounter)


def _letter_to_who_is_away(message: Message, encounter: Encounter) -> Letter | Skip:
    return _letter(message) if message.patient in _away(encounter) else Skip("page_open")


def _letter(message: Message) -> Letter | Skip:
    visit = visit_of(message)
    if visit is None or not visit.is_newest or visit.link.revoked_at is not None:
        return Skip("not_so")
    return Letter({"link": address_of(visit.link), "is_walk_in": visit.appointment.is_walk_in})


def _put(kind: str, encounter: Encounter, patient: Patient, due_at: dt.datetime) -> None:
    appointment = encounter.appointment
    # Where nothing reaches them, the board says in the same moment that they are gone.
    if not _is_planned(kind, encounter) or not Reach(patient).reaches(kind_of(kind)):
        return
    version = appointment.time_sequence + (times_left(appointment, patient) if appointment.is_group else 0)
    version += EACH_TURN * encounter.turns
    put(kind=kind, patient=patient, about=appointment.uuid, version=version, due_at=due_at, revive=True)


def _is_first(encounter: Encounter) -> bool:
    line = Encounter.objects.filter(open_now(now()), queue=encounter.queue_id, status=VisitStatus.ARRIVED)
    order = line.order_by(*in_line(now()))
    return order.values_list("pk", flat=True).first() == encounter.pk


def _has_lost_place(message: Message, encounter: Encounter) -> bool:
    """Whether they are still out of the line: who has come back needs no word of it."""
    if not is_group(encounter):
        return encounter.place_lost_at is not None and encounter.status == VisitStatus.PLANNED
    lost = Arrival.objects.filter(encounter=encounter, arrived_at=None, place_lost_at__isnull=False)
    return lost.filter(member__patient=message.patient_id).exists() and encounter.status not in OVER | BEGUN


def _is_planned(kind: str, encounter: Encounter) -> bool:
    """Whether the clinic sends such messages of visits of this type."""
    visit_type = encounter.appointment.visit_type
    planned = plan_of(encounter.organization_id, visit_type.uuid if visit_type is not None else None)
    return planned[kind].is_on


def _encounter_of(message: Message) -> Encounter | None:
    rows = Encounter.objects.select_related("appointment", "patient", "practitioner", "queue__pool")
    return rows.filter(appointment__uuid=message.about).first()


def _away(encounter: Encounter) -> list[Patient]:
    """Who has passed the door and has no page open now."""
    instant = now()
    seats = list(Seat.objects.filter(encounter=encounter, role__in=FOR_PATIENT))
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


def _desk_of(organization_id: int) -> str:
    rows = BookingTerms.objects.filter(organization_id=organization_id)
    return rows.values_list("desk_email", flat=True).first() or ""


def _board_address() -> str:
    return f"{settings.BASE_URL.rstrip('/')}{reverse('clinic-board')}"


def _desk_example() -> Letter:
    return Letter({"whose": "Dr Marlow", "minutes": 15, "link": _board_address()}, desk="desk@example.org")


def _example() -> Letter:
    return Letter({"link": "https://example.org/v/00000000-0000-0000-0000-000000000000/#example"})
