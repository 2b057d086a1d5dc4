"""Whether messages go out: what is due too long, whether workers live. For staff pages, `/readyz` and the metrics."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import ngettext

from accounts.models import Organization
from core.clock import now
from notifications.lifecycle import OPEN
from notifications.models import Beat, Channel, Message, Pause
from notifications.services.sweeping import WORKER

# Nothing is due so long, and no worker silent so long, while all is well.
TOO_LONG = dt.timedelta(minutes=2)
# What is tried again is looked at within so long (sending.BACK_OFF, pauses.LONGEST); what waits longer is not late.
SOON = dt.timedelta(minutes=10)
_OPEN = [status.value for status in OPEN]


@dataclass(frozen=True)
class Health:
    """Seconds since the oldest due message was due (0: none is), how many are, and since a worker was seen last."""

    oldest_seconds: float
    due: int
    worker_seconds: float | None

    @property
    def is_late(self) -> bool:
        return self.oldest_seconds > TOO_LONG.total_seconds()

    @property
    def is_dead(self) -> bool:
        """Nobody has been seen to send for too long; a house that has just been started has seen nobody yet."""
        return self.worker_seconds is not None and self.worker_seconds > TOO_LONG.total_seconds()


def health() -> Health:
    """Some short queries over indexes.

    Where a provider is away, what waits for it counts from when it was due, as people do: each try puts it off anew.
    """
    instant = now()
    # Each channel named, so that the index is read at these and nowhere else.
    waiting = Message.objects.filter(channel__in=Channel.values, status__in=_OPEN)
    due = waiting.filter(next_at__lte=instant)
    oldest = [due.order_by("next_at").values_list("next_at", flat=True).first()]
    number = due.count() if oldest[0] else 0
    if away := list(Pause.objects.filter(failures__gt=0).values_list("channel", flat=True)):
        kept = waiting.filter(channel__in=away, due_at__lte=instant, next_at__gt=instant, next_at__lte=instant + SOON)
        kept = kept.exclude(reason="quiet")
        oldest.append(kept.order_by("due_at").values_list("due_at", flat=True).first())
        number += kept.count()
    since = [(instant - one).total_seconds() for one in oldest if one is not None]
    seen = Beat.objects.filter(name=WORKER).values_list("at", flat=True).first()
    return Health(
        oldest_seconds=max(since, default=0.0),
        due=number,
        worker_seconds=max((instant - seen).total_seconds(), 0.0) if seen else None,
    )


def alarms() -> list[str]:
    """What staff must know, in plain sentences; empty while all is well."""
    found = health()
    said = []
    if found.is_late:
        minutes = int(found.oldest_seconds // 60)
        words = ngettext(
            "Messages are late: the oldest is due since %(minutes)s minute. Call people whose visit is near.",
            "Messages are late: the oldest is due since %(minutes)s minutes. Call people whose visit is near.",
            minutes,
        )
        said.append(words % {"minutes": minutes})
    if found.is_dead and found.worker_seconds is not None:
        minutes = int(found.worker_seconds // 60)
        words = ngettext(
            "Nothing has sent messages for %(minutes)s minute. Ask whoever runs the house to start its workers.",
            "Nothing has sent messages for %(minutes)s minutes. Ask whoever runs the house to start its workers.",
            minutes,
        )
        said.append(words % {"minutes": minutes})
    return said


def counts() -> list[tuple[str, str, int]]:
    """(channel, status, how many) of the messages that were due in the last 24 hours."""
    since = now() - dt.timedelta(days=1)
    # Clinic by clinic, as the index has them.
    clinics = Organization.objects.values("pk")
    since_then = Message.objects.filter(organization__in=clinics, due_at__gt=since, due_at__lte=now())
    rows = since_then.values_list("channel", "status")
    return [(channel, status, number) for channel, status, number in rows.annotate(number=Count("pk")).order_by()]
