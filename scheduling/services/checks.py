"""What is asked before a time is taken or changed: may this actor, can the time be, do these people belong together."""

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Location, Organization, Patient, Practitioner, RelatedPerson
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import (
    AT_THE_CLINIC,
    MOST_PEOPLE,
    Appointment,
    BookingTerms,
    Guest,
    Interpreter,
    Modality,
    VisitType,
)
from scheduling.policies import may_for

LONGEST = dt.timedelta(hours=8)
LONGEST_NAME = 80
TURNS = frozenset({"LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
# The desk makes a visit "now" while the minute passes; the system brings in what happened earlier today.
GRACE = dt.timedelta(minutes=5)
SYSTEM_GRACE = dt.timedelta(hours=24)
LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Companion:
    """Somebody who shall come along: a name and a role of `Guest.Role` as typed, or somebody of the patient."""

    name: str
    role: str
    related: RelatedPerson | None = None
    ends_at: dt.datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """By which the same person is known again."""
        return self.name, self.role


@dataclass(frozen=True)
class Wish:
    """An appointment as somebody wants it, before any of it stands."""

    practitioner: Practitioner
    patient: Patient | None
    starts_at: dt.datetime
    ends_at: dt.datetime
    timezone: str
    visit_type: VisitType | None = None
    modality: str = ""
    room: Location | None = None
    interpreter: Interpreter | None = None
    reason: str = ""
    follows: Appointment | None = None
    guests: tuple[Companion, ...] = ()
    # Further patients of a group visit.
    further: tuple[Patient, ...] = ()

    @property
    def patients(self) -> list[Patient]:
        """Everybody whom it is for, each once."""
        return list(dict.fromkeys(one for one in (self.patient, *self.further) if one is not None))

    @property
    def capacity(self) -> int:
        """How many patients it takes."""
        return self.visit_type.capacity if self.visit_type else 1

    @property
    def how(self) -> str:
        """As asked, or as the type of visit is usually held."""
        return self.modality or (self.visit_type.modality if self.visit_type else Modality.VIDEO_HOME)


def require_possible(actor: Actor, starts_at: dt.datetime, ends_at: dt.datetime, timezone: str) -> None:
    """Raise Invalid for a time that nobody could keep."""
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise Invalid(_("Say the time with its zone."), code="appointment.zone_missing")
    require_zone(timezone)
    if ends_at <= starts_at:
        raise Invalid(
            _("The visit must end after it starts. Choose a later end."), code="appointment.ends_before_start"
        )
    if ends_at - starts_at > LONGEST:
        raise Invalid(_("A visit lasts 8 hours at most. Choose an earlier end."), code="appointment.too_long")
    grace = SYSTEM_GRACE if actor.type == "system" else GRACE
    if starts_at < now() - grace:
        raise Invalid(_("That time is over. Choose a later one."), code="appointment.in_past")
    if starts_at >= LATEST:
        raise Invalid(_("That is too far away. Choose an earlier time."), code="appointment.too_far")


def require_zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(_("Choose a time zone from the list."), code="appointment.zone_unknown") from None


def require_same_clinic(actor: Actor, wish: Wish) -> None:
    """Everybody and everything that takes part is of one clinic; what is not does not exist."""
    clinic = wish.practitioner.organization_id
    if (actor.type == "user" or actor.came_by_link) and actor.organization_id != clinic:
        raise NotFound
    if actor.type == "system" and actor.organization_id not in (None, clinic):
        raise NotFound
    others = (*wish.patients, wish.visit_type, wish.room, wish.interpreter, wish.follows)
    if any(other is not None and other.organization_id != clinic for other in others):
        raise NotFound
    if wish.room is not None and not wish.room.is_room:
        raise NotFound


def require_booking(actor: Actor, wish: Wish) -> None:
    """Raise NotFound unless `actor` may book this practitioner's time for these people."""
    require_same_clinic(actor, wish)
    if not may_for(actor, "scheduling.appointment.book", wish.practitioner):
        raise NotFound


def require_fitting(wish: Wish, *, joins: bool = False) -> None:
    """Raise Invalid for a type of visit that is not offered so. Who `joins` a group comes to the room that it has."""
    if wish.modality and wish.modality not in Modality.values:
        raise Invalid(_("Choose how you meet from the list."), code="appointment.modality")
    _require_places(wish)
    require_companions(wish.guests, already=1 + wish.capacity)
    if not joins:
        require_using(wish)
    if wish.visit_type is None:
        return
    if not wish.visit_type.is_active:
        raise Invalid(_("This kind of visit is no longer offered. Choose another."), code="visit_type.inactive")
    if not wish.visit_type.practitioners.filter(pk=wish.practitioner.pk).exists():
        raise Invalid(_("They do not offer this kind of visit. Choose somebody else."), code="visit_type.not_offered")


def _require_places(wish: Wish) -> None:
    if len(wish.patients) > wish.capacity:
        words = _("This kind of visit is for one patient at most. Take somebody off.")
        if wish.capacity > 1:
            words = _("This kind of visit is for %(count)s patients at most. Take somebody off.")
            words %= {"count": wish.capacity}
        raise Invalid(words, code="group.too_many")


def require_using(wish: Wish, *, standing: Appointment | None = None) -> None:
    """Raise Invalid for a room or an interpreter that this visit cannot have; what a `standing` one has, it keeps."""
    needs_room = wish.visit_type is not None and wish.visit_type.needs_room
    if needs_room and wish.room is None and wish.patient is not None:
        raise Invalid(_("This kind of visit needs a room. Choose one."), code="visit_type.needs_room", field="room")
    room, interpreter = wish.room, wish.interpreter
    if room is not None and (standing is None or standing.room_id != room.pk):
        if not needs_room and wish.how not in AT_THE_CLINIC:
            words = _("This visit takes no room of the clinic. Choose “No room”, or another way to meet.")
            raise Invalid(words, code="room.unused", field="room")
        if not room.is_active:
            words = _("This room is not booked any more. Choose another.")
            raise Invalid(words, code="room.inactive", field="room")
    is_new = interpreter is not None and (standing is None or standing.interpreter_id != interpreter.pk)
    if interpreter is not None and is_new and not interpreter.is_active:
        words = _("This interpreter is not booked any more. Choose another.")
        raise Invalid(words, code="interpreter.inactive", field="interpreter")


def require_companions(guests: Sequence[Companion], *, already: int) -> None:
    """Raise Invalid for a guest nobody could address, or for more people than a room has seats.

    `already` are those who have a seat anyway, or may still take one.
    """
    for guest in guests:
        if not 1 <= len(guest.name.strip()) <= LONGEST_NAME or _has_hidden_signs(guest.name):
            raise Invalid(_("Enter the name of who comes along, in up to 80 letters."), code="guest.name")
        if guest.role not in Guest.Role.values:
            raise Invalid(_("Choose who they are from the list."), code="guest.role")
    if already + len(guests) > MOST_PEOPLE:
        words = _("A visit has %(count)s people at most, all counted.") % {"count": MOST_PEOPLE}
        raise Invalid(words, code="guest.too_many")


def _has_hidden_signs(name: str) -> bool:
    """Control signs, and those that turn the direction of what stands around them. Joiners belong to many names."""
    return any(unicodedata.category(sign) == "Cc" or unicodedata.bidirectional(sign) in TURNS for sign in name)


def require_notice(actor: Actor, appointment: Appointment) -> None:
    """Patients change by their link until the clinic's notice; whoever is on the staff always may."""
    if not actor.is_patients_side or appointment.is_walk_in:
        return
    terms = BookingTerms.objects.filter(organization_id=appointment.organization_id).first()
    if terms is None:
        return
    until = appointment.starts_at - dt.timedelta(minutes=terms.change_notice_minutes)
    if now() > until:
        clinic = Organization.objects.get(pk=appointment.organization_id)
        words = _("It is too close to your visit to change it here. Please call the front desk.")
        if clinic.phone:
            words = _("It is too close to your visit to change it here. Please call the front desk: %(phone)s.")
            words %= {"phone": clinic.phone}
        raise Conflict(words, code="change.too_late", until=until.isoformat())


def require_unchanged(appointment: Appointment, sequence: int | None) -> None:
    """A page that showed an older state may not write over what somebody else has changed meanwhile."""
    if sequence is not None and sequence != appointment.sequence:
        raise Conflict(
            _("Somebody else has changed this visit meanwhile. Look at it as it is now, then change it again."),
            code="appointment.changed",
            sequence=appointment.sequence,
        )
