"""Writing seats: who sits in a visit's room, in which browser tab, and whether we still hear from them."""

import datetime as dt
import uuid as uuids
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.actors import Actor
from accounts.roles import Role
from audit.services import record
from consults import hints, ports
from consults.lifecycle import OVER, VisitStatus
from consults.models import Encounter, Seat
from consults.people import FOR_PATIENT, name_in_room, patient_of
from consults.policies import require_visit, visit_late, visit_over
from consults.presence import SILENT_AFTER, is_open, is_sharing, may_sit
from consults.selectors.guests import has_agreed
from consults.services.rows import locked_visit, record_visit, send_for_next, store_change
from consults.services.sent_for import is_back
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.models import MOST_PEOPLE, Guest, PersonalLink

# With the heartbeat's 10 s it stays below SILENT_AFTER, whenever in between somebody's news brought a look.
TOUCH_EVERY = dt.timedelta(seconds=2)


@transaction.atomic
def take_seat(*, actor: Actor, encounter: Encounter, holder: uuids.UUID, tab: uuids.UUID | None = None) -> Seat:
    """Sit down by the socket `holder`; whichever had the seat before loses it.

    A patient sits from the waiting room on, everybody else in the call; before that Conflict `visit.not_open`,
    afterwards `visit.over`, `visit.full` for a ninth person, and `consent.missing` for a guest who has not agreed. A
    shared screen goes on only in the browser tab, `tab`, that shows it.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.seat.take", encounter)
    _require_open_for(actor, encounter)
    if not has_agreed(actor, encounter):
        raise Conflict(_("Agree to the video visit first, then go in."), code="consent.missing")
    seat = _seat_of(actor, encounter) or _new_seat(actor, encounter)
    if actor.type == "guest":
        seat.label, seat.role = _as_guest(actor, encounter)
    if seat.sharing != tab or not is_sharing(seat, now()):
        seat.sharing = None
    seat.holder, seat.connected, seat.last_seen_at, seat.left_at = holder, True, now(), None
    seat.save()
    if actor.is_patients_side:
        is_back(encounter)
    store_change(encounter)
    ports.tell_seats_changed(actor, encounter)
    record_visit(actor, "consults.seat.take", encounter, seat=str(seat.uuid))
    return seat


@transaction.atomic
def release_seat(*, seat: Seat, holder: uuids.UUID) -> None:
    """The socket of that tab is gone. The seat is kept for coming back; a newer tab's seat is left alone."""
    encounter = locked_visit(seat.encounter)
    if Seat.objects.filter(pk=seat.pk, holder=holder, connected=True).update(connected=False):
        store_change(encounter)
        record(
            actor=_SeatActor(seat, encounter),
            action="consults.seat.release",
            entity=encounter,
            patient_id=encounter.patient_id,
            detail={"seat": str(seat.uuid)},
        )
        if encounter.status == VisitStatus.ARRIVED and seat.role in FOR_PATIENT:
            send_for_next(encounter.queue)


def touch_seat(*, seat: Seat, holder: uuids.UUID) -> bool:
    """Note that the tab `holder` was heard; False when it no longer has the seat. Writes every 2 s at most."""
    mine = Seat.objects.filter(pk=seat.pk, holder=holder, left_at=None)
    known = mine.values_list("connected", "last_seen_at").first()
    if known is None:
        return False
    connected, last_seen_at = known
    instant = now()
    if not connected or last_seen_at is None or last_seen_at < instant - SILENT_AFTER:
        return _come_back(seat, holder)
    if last_seen_at > instant - TOUCH_EVERY:
        return True
    return mine.update(last_seen_at=instant) == 1


def touch_seats(seats: Sequence[Seat]) -> None:
    """The same of seats that were read a moment ago, for all in one statement; who has lost theirs keeps it lost."""
    if not seats:
        return
    instant = now()
    mine = Seat.objects.filter(pk__in=[seat.pk for seat in seats], holder__in=[seat.holder for seat in seats])
    mine.filter(left_at=None).update(last_seen_at=instant)
    for seat in seats:
        seat.last_seen_at = instant


@transaction.atomic
def leave_call(*, actor: Actor, encounter: Encounter) -> None:
    """Hang up. The visit goes on and the seat can be taken again until it is finished."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.seat.leave", encounter)
    mine = Seat.objects.filter(encounter=encounter, actor_type=actor.type, actor_id=person_id(actor))
    if _vacate(actor, encounter, mine.filter(left_at=None)):
        record_visit(actor, "consults.seat.leave", encounter)


@transaction.atomic
def set_media(*, actor: Actor, encounter: Encounter, mic: bool, camera: bool) -> None:
    """Note what the person's own switches say; everybody in the visit sees it."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.media.set", encounter)
    seat = seat_in_use(actor, encounter)
    if (seat.mic, seat.camera) == (mic, camera):
        return
    seat.mic, seat.camera = mic, camera
    seat.save(update_fields=["mic", "camera"])
    store_change(encounter)
    record_visit(actor, "consults.media.set", encounter, mic=mic, camera=camera)


def close_seat_of_link(actor: Actor, link: PersonalLink) -> None:
    """Listener: whoever came by a link that was closed is out of the room, and their pages look again."""
    encounter = locked_visit(Encounter.objects.get(appointment_id=link.appointment_id))
    person_type, person = ("patient", link.patient_id) if link.guest_id is None else ("guest", link.guest_id)
    seats = Seat.objects.filter(encounter=encounter, actor_type=person_type, actor_id=person, left_at=None)
    if not _vacate(actor, encounter, seats):
        hints.visit_changed(encounter)


def seat_in_use(actor: Actor, encounter: Encounter) -> Seat:
    """The actor's own seat, or Conflict `visit.no_seat` for somebody who has not sat down or has left."""
    seat = _seat_of(actor, encounter)
    if seat is None or seat.left_at is not None:
        raise Conflict(_("You are not in this visit now. Open it again."), code="visit.no_seat")
    return seat


def person_id(actor: Actor) -> int:
    """The row id of a person who acts; the system sits nowhere and writes to nobody."""
    if actor.id is None:
        raise NotFound
    return actor.id


class _SeatActor:
    """The person of a seat, for an event that no request stands behind."""

    session = ""

    def __init__(self, seat: Seat, encounter: Encounter) -> None:
        self.type: str = seat.actor_type
        self.id: int | None = seat.actor_id
        self.label: str = seat.label
        self.organization_id: int | None = encounter.organization_id


def _require_open_for(actor: Actor, encounter: Encounter) -> None:
    if encounter.status in OVER:
        raise visit_over()
    if encounter.status == VisitStatus.ARRIVED and not is_open(encounter, now()):
        raise visit_late()
    if not may_sit(actor, encounter, now()):
        words = _("This visit is not open yet. Call the patient in first.")
        if actor.is_patients_side:
            words = _("This visit is not open yet. Go in by the door of your page first.")
        raise Conflict(words, code="visit.not_open")


def _seat_of(actor: Actor, encounter: Encounter) -> Seat | None:
    return Seat.objects.filter(encounter=encounter, actor_type=actor.type, actor_id=person_id(actor)).first()


def _new_seat(actor: Actor, encounter: Encounter) -> Seat:
    removed = Guest.objects.filter(appointment_id=encounter.appointment_id, removed_at__isnull=False).values("pk")
    taken = Seat.objects.filter(encounter=encounter).exclude(actor_type="guest", actor_id__in=removed)
    if taken.count() >= MOST_PEOPLE:
        raise Conflict(_("This visit is full: eight people can take part."), code="visit.full")
    if actor.type == "guest":
        return Seat(encounter=encounter, actor_type=actor.type, actor_id=person_id(actor))
    is_patient = actor.type == "patient"
    label = name_in_room(patient_of(actor, encounter), encounter) if is_patient else encounter.practitioner.display_name
    role = "patient" if is_patient else "practitioner"
    return Seat(encounter=encounter, actor_type=actor.type, actor_id=person_id(actor), label=label, role=role)


def _as_guest(actor: Actor, encounter: Encounter) -> tuple[str, str]:
    """What the others call them, in the clinic's language because it is kept, and as what they are there now."""
    guest = Guest.objects.select_related("related").get(pk=person_id(actor))
    with override(encounter.organization.language):
        label = guest.label
    if actor.for_patient_id is not None:
        return label, Role.RELATED_PERSON
    return label, Role.INTERPRETER if guest.role == Guest.Role.TRANSLATOR else Role.GUEST


def _vacate(actor: Actor, encounter: Encounter, seats: QuerySet[Seat]) -> bool:
    if not seats.update(left_at=now(), connected=False, holder=None, sharing=None):
        return False
    store_change(encounter)
    ports.tell_seats_changed(actor, encounter)
    return True


@transaction.atomic
def _come_back(seat: Seat, holder: uuids.UUID) -> bool:
    """Heard again after a silence, or after the tab's older socket was given up late: everybody must learn it."""
    encounter = locked_visit(seat.encounter)
    mine = Seat.objects.filter(pk=seat.pk, holder=holder, left_at=None).first()
    if mine is None:
        return False
    if not is_sharing(mine, now()):
        mine.sharing = None
    mine.connected, mine.last_seen_at = True, now()
    mine.save(update_fields=["connected", "last_seen_at", "sharing"])
    if mine.role in FOR_PATIENT:
        is_back(encounter)
    store_change(encounter)
    return True
