"""A practitioner's own calendars: adding and removing their addresses, and keeping the busy times that are read."""

import datetime as dt
import uuid as uuids

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from accounts.models import Practitioner
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import hints
from scheduling.busy.addresses import read_url
from scheduling.busy.beside import Span, read_busy
from scheduling.busy.fetching import fetch
from scheduling.busy.problems import WORDS, Problem
from scheduling.models import Appointment, BusyCalendar, BusyTime, Schedule
from scheduling.policies import relation_to_practitioner

MOST_CALENDARS = 5
# `claimed_until` says until when nobody else reads it: while one does, and after that until it is due again.
LEASE = dt.timedelta(seconds=60)
EVERY = dt.timedelta(minutes=15)
# What repeats reaches further every day although the file stays the same: so often it is read whole.
WHOLE_EVERY = dt.timedelta(hours=12)
# So far nobody books when the practitioner has said nothing.
USUAL_HORIZON_DAYS = 60


@transaction.atomic
def add_busy_calendar(*, actor: Actor, url: str) -> BusyCalendar:
    """Read this address from now on. What it says is asked by a worker, never while somebody waits for a page."""
    require(actor, "scheduling.busy.add")
    practitioner = Practitioner.objects.select_for_update().filter(pk=actor.practitioner_id or 0).first()
    if practitioner is None:
        raise NotFound
    url = url.strip()
    # The form in which calendar programs hand addresses around.
    if url.lower().startswith("webcal://"):
        url = f"https://{url[len('webcal://') :]}"
    try:
        read_url(url)
    except Problem as problem:
        raise Invalid(_(WORDS[problem.code]), code=f"busy.{problem.code}", field="url") from None
    known = BusyCalendar.objects.filter(practitioner=practitioner)
    if known.filter(url=url).exists():
        raise Conflict(_("This calendar is read already."), code="busy.known", field="url")
    if known.count() >= MOST_CALENDARS:
        words = _("%(count)s calendars are read at most. Remove one first.") % {"count": MOST_CALENDARS}
        raise Conflict(words, code="busy.many", field="url")
    added = BusyCalendar.objects.create(
        organization_id=practitioner.organization_id, practitioner=practitioner, url=url
    )
    record(actor=actor, action="scheduling.busy.add", entity=added)
    transaction.on_commit(hints.calendar_waits)
    return added


@transaction.atomic
def remove_busy_calendar(*, actor: Actor, calendar: BusyCalendar) -> None:
    """Forget the address and every busy time that came from it; their hours are free at once."""
    require(actor, "scheduling.busy.remove", relation_to_practitioner(actor, calendar.practitioner))
    record(actor=actor, action="scheduling.busy.remove", entity=calendar)
    calendar.delete()


# For the worker ------------------------------------------------------------------------------------------------------


def read_due_calendars() -> int:
    """Read every calendar that is due, one after the other. Returns how many were read or tried."""
    tried = 0
    while (calendar := claim_calendar()) is not None:
        tried += 1
        read_calendar(calendar)
    return tried


def claim_calendar() -> BusyCalendar | None:
    """One that is due, claimed: of several workers that look at the same moment one gets it, by the row's own word."""
    instant = now()
    due = BusyCalendar.objects.filter(Q(claimed_until=None) | Q(claimed_until__lte=instant))
    for calendar in due.select_related("practitioner__organization").order_by("claimed_until", "pk")[:20]:
        mine = BusyCalendar.objects.filter(pk=calendar.pk, claimed_until=calendar.claimed_until)
        if mine.update(claimed_until=instant + LEASE):
            calendar.claimed_until = instant + LEASE
            return calendar
    return None


def read_calendar(calendar: BusyCalendar) -> None:
    """Read one claimed calendar. What cannot be read leaves the times that are known, and says why."""
    instant = now()
    schedule = Schedule.objects.filter(practitioner_id=calendar.practitioner_id).first()
    days = schedule.horizon_days if schedule else USUAL_HORIZON_DAYS
    zone = schedule.timezone if schedule else calendar.practitioner.organization.timezone
    is_fresh = calendar.read_at is not None and calendar.read_at > instant - WHOLE_EVERY
    try:
        answer = fetch(calendar.url, etag=calendar.etag if is_fresh and not calendar.problem else "")
        if answer.body is None:
            _keep_unchanged(calendar)
            return
        spans = read_busy(
            answer.body,
            first=instant - dt.timedelta(days=1),
            last=instant + dt.timedelta(days=days + 2),
            zone=zone,
            ours=lambda names: _ours(calendar, names),
        )
    except Problem as problem:
        _keep_problem(calendar, problem.code)
    else:
        keep_times(calendar, spans, etag=answer.etag)


def _ours(calendar: BusyCalendar, names: set[str]) -> set[str]:
    """Those that are visits of this very clinic, which its own spans keep; of another clinic they count as busy."""
    possible = []
    for name in names:
        try:
            possible.append(uuids.UUID(name))
        except ValueError:
            continue
    rows = Appointment.objects.filter(organization_id=calendar.organization_id, uuid__in=possible)
    return {str(uuid) for uuid in rows.values_list("uuid", flat=True)}


@transaction.atomic
def keep_times(calendar: BusyCalendar, spans: list[Span], *, etag: str) -> bool:
    """These are the busy times now, in place of all that was known. False when it was removed or claimed anew."""
    if not _finish(calendar, read_at=now(), etag=etag, problem=""):
        return False
    calendar.times.all().delete()
    BusyTime.objects.bulk_create(
        BusyTime(calendar=calendar, practitioner_id=calendar.practitioner_id, starts_at=starts, ends_at=ends)
        for starts, ends in spans
    )
    _record(calendar, times=len(spans))
    return True


def _keep_unchanged(calendar: BusyCalendar) -> None:
    _finish(calendar)


@transaction.atomic
def _keep_problem(calendar: BusyCalendar, code: str) -> None:
    if _finish(calendar, problem=code) and calendar.problem != code:
        _record(calendar, problem=code)


def _finish(calendar: BusyCalendar, **columns: object) -> bool:
    """End one's own claim; nobody looks again before it is due."""
    mine = BusyCalendar.objects.filter(pk=calendar.pk, claimed_until=calendar.claimed_until)
    return bool(mine.update(claimed_until=now() + EVERY, **columns))


def _record(calendar: BusyCalendar, **detail: object) -> None:
    system = system_actor("calendars", calendar.organization_id)
    record(actor=system, action="scheduling.busy.read", entity=calendar, detail=detail)
