"""Reading a practitioner's own calendars: whose they are, and how the last reading went."""

import uuid as uuids
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import Count
from django.utils.translation import gettext

from accounts.actors import Actor
from accounts.policy import require
from core.errors import NotFound
from scheduling.busy.problems import WORDS
from scheduling.models import BusyCalendar
from scheduling.policies import relation_to_practitioner


@dataclass(frozen=True)
class BusyRow:
    """One calendar as its page shows it. The whole address is a secret of another house and is not shown again."""

    calendar: BusyCalendar
    host: str
    end: str
    times: int
    problem: str


def busy_calendars(actor: Actor) -> list[BusyRow]:
    """The actor's own calendars, in the order in which they came."""
    require(actor, "scheduling.busy.add")
    found = BusyCalendar.objects.filter(practitioner_id=actor.practitioner_id or 0)
    return [_row(one, one.count) for one in found.annotate(count=Count("times")).order_by("pk")]


def get_busy_calendar(actor: Actor, uuid: uuids.UUID) -> BusyCalendar:
    """One of the actor's own calendars, or NotFound."""
    found = BusyCalendar.objects.select_related("practitioner").filter(uuid=uuid).first()
    if found is None:
        raise NotFound
    require(actor, "scheduling.busy.remove", relation_to_practitioner(actor, found.practitioner))
    return found


def _row(calendar: BusyCalendar, times: int) -> BusyRow:
    host = urlsplit(calendar.url).hostname or ""
    problem = gettext(WORDS[calendar.problem]) if calendar.problem in WORDS else ""
    return BusyRow(calendar, host, calendar.url[-8:], times, problem)
