"""What people on the wait list are told: the link by which they come back, and a time that is kept for them."""

import datetime as dt

from django.utils import translation

from core.clock import now
from notifications import spoken
from notifications.kinds import Letter, Skip
from notifications.languages import language_for
from notifications.models import Message
from notifications.selectors.plans import plan_of
from notifications.services.outbox import put
from scheduling.lifecycle import AppointmentStatus, WaitStatus
from scheduling.messages.letters import how_words, time_words
from scheduling.models import Appointment, WaitListEntry
from scheduling.selectors.offering import zone_of
from scheduling.waitlinks import address_of

JOINED, OFFER = "wait.joined", "wait.offer"
DAY = dt.timedelta(days=1)


def joined(entry: WaitListEntry) -> None:
    """For the wait list's services, in their transaction: somebody has put themselves in."""
    if _is_on(entry, JOINED):
        put(kind=JOINED, patient=entry.patient, about=entry.uuid, too_late_at=now() + DAY)


def offered(entry: WaitListEntry, offer: Appointment) -> None:
    """For the wait list's services, in their transaction: a time is held for somebody. Too late when the hold ends."""
    if _is_on(entry, OFFER):
        number = entry.offers.count()
        put(kind=OFFER, patient=entry.patient, about=entry.uuid, version=number, too_late_at=offer.held_until)


def look_joined(message: Message) -> Letter | Skip:
    entry = _entry_of(message)
    if entry is None or entry.status not in (WaitStatus.WAITING, WaitStatus.OFFERED):
        return Skip("not_so")
    return Letter({"link": address_of(entry)})


def look_offer(message: Message) -> Letter | Skip:
    """Only the offer that stands: one that ran out or was answered is nobody's any more."""
    entry = _entry_of(message)
    offer = entry.offer if entry is not None and entry.status == WaitStatus.OFFERED else None
    if entry is None or offer is None or offer.held_until is None:
        return Skip("not_so")
    is_over = offer.status != AppointmentStatus.PROPOSED or offer.held_until <= now()
    if is_over or entry.offers.count() != message.version:
        return Skip("not_so")
    zone = message.patient.timezone
    with translation.override(language_for(message.patient, message.organization)):
        words = {
            **time_words(offer.starts_at, zone, zone_of(offer.practitioner, message.organization)),
            **how_words(offer.modality),
            "practitioner": offer.practitioner.display_name,
            "until": spoken.clock(offer.held_until, zone),
            "link": address_of(entry),
        }
    return Letter(words)


def _entry_of(message: Message) -> WaitListEntry | None:
    rows = WaitListEntry.objects.select_related("offer__practitioner__schedule")
    return rows.filter(uuid=message.about).first()


def _is_on(entry: WaitListEntry, kind: str) -> bool:
    return plan_of(entry.organization_id, entry.visit_type.uuid)[kind].is_on
