"""Who has a message in hand. One conditional UPDATE takes due rows, another is the fence before each is handed over.

A row that is claimed looks like one that is due when its claim runs out (`next_at`), so that what a killed worker left
is found by the same question as everything else. Every later write names the claim, and finds nothing when another
has it.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from core.clock import now
from notifications.lifecycle import OPEN, MessageStatus
from notifications.models import Message, MessageEvent

# Longer than the slowest provider may take for one message (settings.MESSAGE_TIMEOUT), for each anew.
LEASE = dt.timedelta(seconds=60)
_OPEN = [status.value for status in OPEN]


@dataclass(frozen=True)
class Claim:
    """These rows are this worker's until the lease is over."""

    token: str
    pks: tuple[int, ...]


@transaction.atomic
def claim_due(channel: str, count: int) -> Claim | None:
    """Take so many due rows of this channel, oldest first; None when there is none left to take.

    Where two take at the same moment, PostgreSQL shows each what the other has not locked; SQLite has one writer.
    """
    instant = now()
    due = Message.objects.filter(channel=channel, status__in=_OPEN, next_at__lte=instant)
    free = due.select_for_update(skip_locked=True).order_by("next_at", "pk")
    chosen = list(free.values_list("pk", flat=True)[:count])
    if not chosen:
        return None
    token = secrets.token_hex(16)
    due.filter(pk__in=chosen).order_by().update(status=MessageStatus.SENDING, claim=token, next_at=instant + LEASE)
    mine = Message.objects.filter(pk__in=chosen, claim=token).order_by("due_at", "pk").values_list("pk", flat=True)
    return Claim(token, tuple(mine))


def begin(pk: int, token: str) -> Message | None:
    """The fence: the row is still ours, and for a whole lease from now. None when somebody else has it."""
    mine = Message.objects.filter(pk=pk, claim=token, status=MessageStatus.SENDING)
    if not mine.update(next_at=now() + LEASE, attempts=F("attempts") + 1):
        return None
    return Message.objects.select_related("patient", "organization").get(pk=pk)


def give_back(pks: Sequence[int], token: str, at: dt.datetime) -> None:
    """Rows that were claimed and not begun: as they were, to be looked at then."""
    mine = Message.objects.filter(pk__in=pks, claim=token, status=MessageStatus.SENDING)
    mine.update(status=MessageStatus.WAITING, claim="", next_at=at)


@transaction.atomic
def end(message: Message, status: MessageStatus, *, what: str, detail: str = "", **columns: Any) -> bool:
    """End our claim with what came of it. False, and nothing written, when somebody else has it by now."""
    mine = Message.objects.filter(pk=message.pk, claim=message.claim, status=MessageStatus.SENDING)
    if not mine.update(status=status, claim="", **columns):
        return False
    MessageEvent.objects.create(message_id=message.pk, what=what, detail=detail)
    return True
