"""Appointments as iCalendar (RFC 5545, 5546): one for an invitation, many for a feed. Reads no database.

A calendar lies on other people's servers and on screens that anybody may see. So no name of a patient, no specialty, no
type of visit and no reason is ever in it, and no address that opens anything without signing in or the person's link.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, Modality
from scheduling.zones import EPOCH, pieces_of_days

# No host in it: it must stay the same when the clinic's address changes, and what we read back must be known as ours.
UID_END = "@housecall"
CONTENT_TYPE = "text/calendar; charset=utf-8"
# Programs ask again after so long.
REFRESH = dt.timedelta(minutes=15)
_STATUS = {AppointmentStatus.PENDING: "TENTATIVE", AppointmentStatus.CANCELLED: "CANCELLED"}
_YEAR = dt.timedelta(days=366)


def invitation(appointment: Appointment, *, summary: str, address: str) -> bytes:
    """One appointment to be taken into a calendar; opened again after a change it updates the same entry.

    METHOD is REQUEST, or CANCEL once it is cancelled.
    """
    is_over = appointment.status == AppointmentStatus.CANCELLED
    calendar = _calendar("CANCEL" if is_over else "REQUEST")
    event = _event(appointment, summary, address)
    # RFC 5546 wants both. Who comes is told by a number that means nothing elsewhere, never by a name or an address.
    event.add("organizer", f"mailto:{_sender()}")
    event.add("attendee", f"urn:uuid:{appointment.uuid}", parameters={"ROLE": "REQ-PARTICIPANT"})
    return _written(calendar, [event], [appointment])


def feed(
    appointments: Sequence[Appointment], *, name: str, summaries: Sequence[str], addresses: Sequence[str]
) -> bytes:
    """All of these, for a program that asks again and again; what is cancelled says so, so that it is taken out."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("name", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    rows = zip(appointments, summaries, addresses, strict=True)
    return _written(calendar, [_event(*row) for row in rows], appointments)


def etag_of(appointments: Iterable[Appointment], *more: object) -> str:
    """Changes with everything that a feed says. Weak: the stamp of when it was written differs every time."""
    told = hashlib.sha256(repr(more).encode())
    for one in appointments:
        row = (one.uuid.hex, one.sequence, one.status, one.starts_at, one.ends_at, one.timezone, one.modality)
        told.update(repr((*row, one.practitioner_id)).encode())
    return f'W/"{told.hexdigest()[:32]}"'


def how(appointment: Appointment) -> str:
    """ "Video visit from home": the first words of everything that tells of a visit."""
    return str(Modality(appointment.modality).label)


def for_patient(appointment: Appointment) -> str:
    return _("%(how)s with %(who)s") % {"how": how(appointment), "who": appointment.practitioner.short_name}


def for_staff(appointment: Appointment, *, own: bool) -> str:
    """A practitioner knows with whom; the desk sees everybody's."""
    return how(appointment) if own else f"{how(appointment)}, {appointment.practitioner.short_name}"


def vtimezone(zone: str, first: dt.date, last: dt.date) -> Timezone:
    """The zone's rules as they are from a year before the first to a year after the last day."""
    known = pieces_of_days(zone, first - _YEAR, last + _YEAR)
    found = Timezone()
    found.add("tzid", zone)
    before = known[0].offset
    for piece in known:
        begins = EPOCH + dt.timedelta(seconds=piece.begins)
        there = begins.astimezone(ZoneInfo(zone))
        part = TimezoneDaylight() if there.dst() else TimezoneStandard()
        # The onset in the time that was kept until then (RFC 5545 3.6.5).
        part.add("dtstart", (begins + dt.timedelta(seconds=before)).replace(tzinfo=None))
        part.add("tzoffsetfrom", dt.timedelta(seconds=before))
        part.add("tzoffsetto", dt.timedelta(seconds=piece.offset))
        part.add("tzname", there.tzname() or zone)
        found.add_component(part)
        before = piece.offset
    return found


def _event(appointment: Appointment, summary: str, address: str) -> Event:
    event = Event()
    event.add("uid", f"{appointment.uuid}{UID_END}")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now())
    event.add("dtstart", _meant(appointment.starts_at, appointment.timezone))
    event.add("dtend", _meant(appointment.ends_at, appointment.timezone))
    event.add("summary", summary)
    event.add("status", _STATUS.get(AppointmentStatus(appointment.status), "CONFIRMED"))
    event.add("transp", "TRANSPARENT" if appointment.status == AppointmentStatus.CANCELLED else "OPAQUE")
    event.add("class", "PRIVATE")
    if address:
        event.add("url", f"{settings.BASE_URL.rstrip('/')}{address}")
    return event


def _meant(instant: dt.datetime, timezone: str) -> dt.datetime:
    """In the zone it was meant in; in UTC where that local time exists twice, for iCalendar cannot say which."""
    local = instant.astimezone(ZoneInfo(timezone))
    return instant.astimezone(dt.UTC) if local.fold or local.replace(fold=1).utcoffset() != local.utcoffset() else local


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Housecall//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _written(calendar: Calendar, events: Iterable[Event], appointments: Sequence[Appointment]) -> bytes:
    zones = sorted({one.timezone for one in appointments} - {"UTC", "Etc/UTC"})
    if zones:
        first = min(one.starts_at for one in appointments).date()
        last = max(one.ends_at for one in appointments).date()
        for zone in zones:
            calendar.add_component(_known_zone(zone, first.year, last.year))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


@lru_cache(maxsize=256)
def _known_zone(zone: str, first_year: int, last_year: int) -> Timezone:
    return vtimezone(zone, dt.date(first_year, 1, 1), dt.date(last_year, 12, 31))


def _sender() -> str:
    """The clinic's mail address, without the name that stands before it."""
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("<")[2].rstrip(">")
