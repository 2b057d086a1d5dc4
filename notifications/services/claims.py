"""Who has messages in hand: one conditional UPDATE takes due rows for a lease.

A row that is claimed looks like one that is due when its claim runs out (`next_at`), so that what a killed worker left
is found by the same question as everything else. Every later write names the claim, and finds nothing when another
has it.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import Organization
from core.clock import now
from notifications.lifecycle import OPEN, MessageStatus
from notifications.models import Message, MessageEvent
from notifications.selectors.choosing import Reach, reach_of_all, sent_within_a_day

# Many times what the slowest provider may take for one message (settings.MESSAGE_TIMEOUT); renewed with each reading.
LEASE = dt.timedelta(seconds=60)
# What was read of rows and people counts so long; then it is read again, the fence with it.
FRESH = dt.timedelta(seconds=2)
_OPEN = [status.value for status in OPEN]


class Batch:
    """Rows that are this worker's, and what is known of their people, read for all of them at once."""

    def __init__(self, token: str, channel: str, pks: Sequence[int]) -> None:
        self.token, self.channel, self.pks = token, channel, list(pks)
        self._left = dict.fromkeys(pks)
        self._read_at: dt.datetime | None = None
        self._messages: dict[int, Message] = {}
        self._reach: dict[int, Reach] = {}
        self._sent: dict[int, int] = {}

    def take(self, pk: int) -> Message | None:
        """The fence: the row is still ours, for most of a lease from now. None when somebody else has it."""
        instant = now()
        if self._read_at is None or not self._read_at <= instant < self._read_at + FRESH:
            self._renew(instant)
        self._left.pop(pk, None)
        return self._messages.get(pk)

    def reach(self, message: Message) -> Reach:
        """How its person is reached."""
        return self._reach[message.patient_id]

    def sent_today(self, message: Message) -> int:
        """How many its person was sent by this channel within a day, those of this batch among them."""
        return self._sent.get(message.patient_id, 0)

    def note_sent(self, message: Message) -> None:
        self._sent[message.patient_id] = self.sent_today(message) + 1

    def _renew(self, instant: dt.datetime) -> None:
        mine = Message.objects.filter(pk__in=list(self._left), claim=self.token, status=MessageStatus.SENDING)
        if self._read_at is not None:
            mine.update(next_at=instant + LEASE)
        self._messages = {one.pk: one for one in mine.select_related("patient")}
        found = list(self._messages.values())
        clinics = Organization.objects.select_related("messages").prefetch_related("own_words")
        shared = clinics.in_bulk({one.organization_id for one in found})
        for one in found:
            one.organization = shared[one.organization_id]
        people = [one.patient for one in found]
        self._reach = reach_of_all(people, self.channel)
        self._sent = sent_within_a_day(people, self.channel)
        self._read_at = instant


@transaction.atomic
def claim_due(channel: str, count: int) -> Batch | None:
    """Take so many due rows of this channel, oldest first; None when there is none left to take.

    Where two take at the same moment, PostgreSQL shows each what the other has not locked; SQLite has one writer.
    What another worker had in hand when its claim ran out is taken one by one: if it was this message that ended the
    worker, it takes no other along.
    """
    instant = now()
    due = Message.objects.filter(channel=channel, status__in=_OPEN, next_at__lte=instant)
    free = due.select_for_update(skip_locked=True).order_by("next_at", "pk")
    found = list(free.values_list("pk", "status")[:count])
    if not found:
        return None
    fresh = [pk for pk, status in found if status == MessageStatus.WAITING]
    chosen = fresh or [found[0][0]]
    token = secrets.token_hex(16)
    taken = due.filter(pk__in=chosen).order_by()
    taken.update(status=MessageStatus.SENDING, claim=token, next_at=instant + LEASE, attempts=F("attempts") + 1)
    return Batch(token, channel, chosen)


def give_back(pks: Sequence[int], token: str, at: dt.datetime) -> None:
    """Rows that were claimed and not begun: as they were, to be looked at then."""
    mine = Message.objects.filter(pk__in=pks, claim=token, status=MessageStatus.SENDING)
    mine.update(status=MessageStatus.WAITING, claim="", next_at=at, attempts=F("attempts") - 1)


@transaction.atomic
def end(message: Message, status: MessageStatus, *, what: str, detail: str = "", **columns: Any) -> bool:
    """End our claim with what came of it. False, and nothing written, when somebody else has it by now."""
    mine = Message.objects.filter(pk=message.pk, claim=message.claim, status=MessageStatus.SENDING)
    if not mine.update(status=status, claim="", **columns):
        return False
    MessageEvent.objects.create(message_id=message.pk, what=what, detail=detail)
    return True
