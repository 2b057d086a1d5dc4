"""The wait list: joining and leaving it, and a freed time offered to one person at a time, in the order they came.

An offer is a held time like any other (holds.py), so that nobody else can book it meanwhile. Who says no, or nothing
until it has run out, keeps their place and is not asked about that time again; the next person is.
"""

import datetime as dt
import hashlib
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from accounts.models import Organization, Practitioner
from accounts.policy import require
from accounts.services import register_oneself
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling.lifecycle import WaitStatus, wait_moved
from scheduling.messages import waiting
from scheduling.models import Appointment, BookingTerms, Schedule, VisitType, WaitListEntry, WaitListOffer
from scheduling.policies import relation_to_entry
from scheduling.selectors.slots import free_slots
from scheduling.services.holds import book_held, hold_time, is_over, release_hold

log = structlog.get_logger(__name__)

OFFER_MINUTES = 15
# Looked at for one freed time at most: whoever stands behind so many others is asked when the next time is freed.
ASKED_AT_MOST = 200
# A wish reaches so many days ahead at most.
LONGEST_WISH = dt.timedelta(days=366)


def join_wait_list(
    *,
    actor: Actor,
    organization: Organization,
    person: dict[str, Any],
    visit_type: VisitType,
    practitioner: Practitioner | None,
    first_day: dt.date,
    last_day: dt.date,
    earliest: int,
    latest: int,
    form: str = "",
) -> WaitListEntry:
    """Put somebody who types themselves in on the list, as a patient of their own (see selfbooking).

    `form` tells one page's form from every other: sent twice by the same browser, it joins once.
    """
    require(actor, "scheduling.wait.join")
    if visit_type.organization_id != organization.pk:
        raise NotFound
    if last_day - first_day > LONGEST_WISH:
        raise Invalid(_("Choose days within one year. Enter an earlier last day."), code="wait.too_long")
    joined_by = hashlib.sha256(f"{actor.session}:{form}".encode()).hexdigest() if actor.session and form else ""
    standing = _joined(joined_by)
    if standing is not None:
        return standing
    try:
        with transaction.atomic():
            patient = register_oneself(actor=actor, organization=organization, **person)
            entry = WaitListEntry.objects.create(
                organization=organization,
                patient=patient,
                visit_type=visit_type,
                practitioner=practitioner,
                first_day=first_day,
                last_day=last_day,
                earliest=earliest,
                latest=latest,
                joined_by=joined_by,
            )
            record(actor=actor, action="scheduling.wait.join", entity=entry, patient_id=patient.pk)
            waiting.joined(entry)
    except IntegrityError:
        standing = _joined(joined_by)
        if standing is None:
            raise
        return standing
    return entry


@transaction.atomic
def leave_wait_list(*, actor: Actor, entry: WaitListEntry) -> WaitListEntry:
    """Off the list, by the person or by the desk; an offered time goes to the next. Twice changes nothing."""
    entry = _locked(entry)
    require(actor, "scheduling.wait.leave", relation_to_entry(actor, entry))
    if entry.status in (WaitStatus.LEFT, WaitStatus.BOOKED, WaitStatus.EXPIRED):
        return entry
    offer = entry.offer if entry.status == WaitStatus.OFFERED else None
    _move(actor, entry, WaitStatus.LEFT, "scheduling.wait.leave")
    if offer is not None:
        _answer(entry, WaitListOffer.Answer.DECLINED)
        release_hold(actor=_house(entry), appointment=offer)
    return entry


@transaction.atomic
def accept_offer(*, actor: Actor, entry: WaitListEntry) -> Appointment:
    """Book what is offered: one press. Raises Conflict `offer.over` when it has gone on to the next person."""
    entry = _locked(entry)
    require(actor, "scheduling.wait.answer", relation_to_entry(actor, entry))
    offer = entry.offer
    if entry.status == WaitStatus.BOOKED and offer is not None:
        return offer
    if entry.status != WaitStatus.OFFERED or offer is None or is_over(offer):
        raise Conflict(
            _("The time was kept for you as long as we could and went on to the next person. You keep your place."),
            code="offer.over",
        )
    booked = book_held(actor=actor, appointment=offer, patient=entry.patient)
    _answer(entry, WaitListOffer.Answer.ACCEPTED)
    _move(actor, entry, WaitStatus.BOOKED, "scheduling.wait.accept")
    return booked


@transaction.atomic
def decline_offer(*, actor: Actor, entry: WaitListEntry) -> WaitListEntry:
    """No to this time; the place on the list stays, and the next person is asked. Twice changes nothing."""
    entry = _locked(entry)
    require(actor, "scheduling.wait.answer", relation_to_entry(actor, entry))
    if entry.status != WaitStatus.OFFERED or entry.offer is None:
        return entry
    offer = entry.offer
    _take_back(actor, entry, WaitListOffer.Answer.DECLINED, "scheduling.wait.decline")
    release_hold(actor=_house(entry), appointment=offer)
    return entry


def offer_freed_time(
    organization_id: int, practitioner: Practitioner, starts_at: dt.datetime, ends_at: dt.datetime
) -> None:
    """Listener of `ports.on_time_freed`: offer what became free to the first whom it fits."""
    if starts_at <= now() or not _waiting(organization_id, practitioner).exists():
        return
    schedule = Schedule.objects.filter(practitioner=practitioner).first()
    if schedule is None:
        return
    zone = ZoneInfo(schedule.timezone)
    for entry in _waiting(organization_id, practitioner)[:ASKED_AT_MOST]:
        for slot in _fitting(entry, practitioner, zone, starts_at, ends_at):
            if _offer(entry, practitioner, slot, schedule.timezone):
                return


def sweep_wait_list() -> int:
    """A job, every few seconds: offers that ran out go back, and their times on; wishes whose days are over end."""
    lapsed = WaitListEntry.objects.filter(status=WaitStatus.OFFERED).filter(
        ~Q(offer__status="proposed") | Q(offer__held_until__lte=now())
    )
    ended = 0
    for pk in list(lapsed.order_by("offer__held_until").values_list("pk", flat=True)):
        ended += _lapse(pk)
    # A day later everywhere on Earth: zones are looked at where it matters, here it is only tidying up.
    over = WaitListEntry.objects.filter(status=WaitStatus.WAITING, last_day__lt=(now() - dt.timedelta(days=1)).date())
    for pk in list(over.values_list("pk", flat=True)):
        with transaction.atomic():
            entry = WaitListEntry.objects.select_for_update().get(pk=pk)
            if entry.status == WaitStatus.WAITING:
                _move(_house(entry), entry, WaitStatus.EXPIRED, "scheduling.wait.expire")
    return ended


@transaction.atomic
def _lapse(pk: int) -> bool:
    """Nobody answered in time. Whoever gives the hold back tells that the time is free, and the next is asked."""
    entry = _locked(WaitListEntry(pk=pk))
    offer = entry.offer
    if entry.status != WaitStatus.OFFERED or offer is None:
        return False
    if offer.status == "proposed" and not is_over(offer):
        return False
    _take_back(_house(entry), entry, WaitListOffer.Answer.LAPSED, "scheduling.wait.lapse")
    release_hold(actor=_house(entry), appointment=offer)
    return True


def _joined(joined_by: str) -> WaitListEntry | None:
    return WaitListEntry.objects.filter(joined_by=joined_by).first() if joined_by else None


def _waiting(organization_id: int, practitioner: Practitioner) -> QuerySet[WaitListEntry]:
    """In the order in which they came; those whom this practitioner's time could suit at all."""
    return (
        WaitListEntry.objects.filter(organization_id=organization_id, status=WaitStatus.WAITING)
        .filter(Q(practitioner=practitioner) | Q(practitioner=None))
        .filter(visit_type__practitioners=practitioner, visit_type__is_active=True)
        .select_related("visit_type", "patient")
        .order_by("created_at", "pk")
    )


def _fitting(
    entry: WaitListEntry, practitioner: Practitioner, zone: ZoneInfo, starts_at: dt.datetime, ends_at: dt.datetime
) -> list[dt.datetime]:
    """The beginnings of free times that use what became free and lie in the days and hours that were wished for."""
    day = starts_at.astimezone(zone).date()
    if not entry.first_day <= day <= entry.last_day:
        return []
    length = dt.timedelta(minutes=entry.visit_type.minutes)
    found = free_slots(
        None,
        visit_type=entry.visit_type,
        practitioner=practitioner,
        from_day=day,
        until_day=day + dt.timedelta(days=1),
    )
    asked = set(
        WaitListOffer.objects.filter(entry=entry, practitioner=practitioner).values_list("starts_at", flat=True)
    )
    return [
        slot.starts_at
        for slot in found.get(practitioner.pk, [])
        if slot.starts_at < ends_at
        and slot.starts_at + length > starts_at
        and slot.starts_at not in asked
        and _in_hours(entry, slot.starts_at.astimezone(zone), length)
    ]


def _in_hours(entry: WaitListEntry, local: dt.datetime, length: dt.timedelta) -> bool:
    begins = local.hour * 60 + local.minute
    return entry.earliest <= begins and begins + length.total_seconds() / 60 <= entry.latest


def _offer(entry: WaitListEntry, practitioner: Practitioner, starts_at: dt.datetime, timezone: str) -> bool:
    """Hold the time for this person. False when they are not waiting any more, or somebody else has the time."""
    try:
        with transaction.atomic():
            entry = _locked(entry)
            if entry.status != WaitStatus.WAITING:
                return False
            hold = hold_time(
                actor=_house(entry),
                visit_type=entry.visit_type,
                practitioner=practitioner,
                starts_at=starts_at,
                timezone=timezone,
                minutes=_offer_minutes(entry),
            )
            WaitListOffer.objects.create(
                entry=entry, practitioner=practitioner, starts_at=hold.starts_at, ends_at=hold.ends_at
            )
            entry.offer = hold
            _move(_house(entry), entry, WaitStatus.OFFERED, "scheduling.wait.offer", "offer")
            waiting.offered(entry, hold)
    except (Conflict, Invalid) as refusal:
        log.info("wait_list_offer_not_made", entry=str(entry.uuid), code=refusal.code)
        return False
    return True


def _take_back(actor: Actor, entry: WaitListEntry, answer: WaitListOffer.Answer, action: str) -> None:
    _answer(entry, answer)
    entry.offer = None
    _move(actor, entry, WaitStatus.WAITING, action, "offer")


def _answer(entry: WaitListEntry, answer: WaitListOffer.Answer) -> None:
    open_ones = WaitListOffer.objects.filter(entry=entry, answer=WaitListOffer.Answer.OPEN)
    open_ones.update(answer=answer, answered_at=now())


def _move(actor: Actor, entry: WaitListEntry, target: WaitStatus, action: str, *fields: str) -> None:
    before = entry.status
    entry.status = wait_moved(before, target)
    entry.save(update_fields=["status", *fields])
    detail = {"from": str(before), "to": str(target)}
    record(actor=actor, action=action, entity=entry, patient_id=entry.patient_id, detail=detail)


def _locked(entry: WaitListEntry) -> WaitListEntry:
    """The entry read afresh and locked; whoever locks its offer too locks the entry first."""
    found = WaitListEntry.objects.select_for_update(of=("self",)).filter(pk=entry.pk)
    row = found.select_related("patient", "visit_type", "offer__practitioner", "organization").first()
    if row is None:
        raise NotFound
    return row


def _offer_minutes(entry: WaitListEntry) -> int:
    terms = BookingTerms.objects.filter(organization_id=entry.organization_id)
    return terms.values_list("offer_minutes", flat=True).first() or OFFER_MINUTES


def _house(entry: WaitListEntry) -> Actor:
    return system_actor("wait list", entry.organization_id)
