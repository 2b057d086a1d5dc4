"""Sending what is due: claim, look again, choose, render, hand over, write down. Each message stands alone.

A worker may be killed between any two lines here. Until the answer is written the row comes back when its lease is
over, and is handed over again under the same key: a provider with idempotency keys takes it once, a mailbox sees one
Message-ID twice.
"""

import datetime as dt
import time
from collections import Counter

import structlog
from django.db import DatabaseError

from core.clock import now
from notifications import rendering
from notifications.channels import Carrier, NotTaken, carrier_for, let_go
from notifications.kinds import Kind, Letter, Skip, kind_of
from notifications.lifecycle import MessageStatus
from notifications.models import Message
from notifications.selectors.choosing import address_of
from notifications.selectors.plans import rules_of
from notifications.services import pauses
from notifications.services.claims import Batch, claim_due, end, give_back
from notifications.services.fallback import fail
from notifications.services.quiet import end_of_quiet

log = structlog.get_logger(__name__)

BATCH = 25
WORK_SECONDS = 60.0
# Seconds until the next try after the first, second ... failed one; after the last it has failed.
BACK_OFF = (30, 60, 120, 240, 480)
# A message that is so overdue while its provider is away goes by the next channel.
PATIENCE = dt.timedelta(minutes=10)
# So many of those at once, among so many; the next probe of the provider sees to more.
OTHERWISE, LOOKED_AT = 200, 1_000
# Claimed so often without an end: whoever takes it in hand dies of it.
DEADLY = 20
LONGEST_ID = 200


def send_due(channel: str, *, seconds: float = WORK_SECONDS) -> Counter[str]:
    """Send what is due by this channel until nothing is, its provider is away, or the time is over. Counts outcomes."""
    outcomes: Counter[str] = Counter()
    carrier = carrier_for(channel)
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            count = pauses.allowed(channel, BATCH)
            batch = claim_due(channel, count) if count else None
            if batch is None or not _send_batch(batch, carrier, outcomes):
                break
            if count < BATCH and outcomes["sent"]:
                pauses.lift(channel)
    finally:
        let_go(carrier)
    return outcomes


def _send_batch(batch: Batch, carrier: Carrier | None, outcomes: Counter[str]) -> bool:
    """False when the rest has to wait for the provider."""
    for place, pk in enumerate(batch.pks):
        message = batch.take(pk)
        if message is None:
            continue
        try:
            outcome = _send(batch, message, carrier)
        except NotTaken as answer:
            until = pauses.pause(batch.channel, answer)
            # It is not this message that failed: it loses no try, however long the provider stays away.
            outcomes[_later(message, until, answer.why)] += 1
            give_back(batch.pks[place + 1 :], batch.token, until)
            _send_overdue_otherwise(batch.channel)
            return False
        outcomes[outcome] += 1
    return True


def _send_overdue_otherwise(channel: str) -> None:
    """The provider is away, and these have waited long enough for it: by the person's next channel, if there is one."""
    overdue = Message.objects.filter(channel=channel, status=MessageStatus.WAITING, due_at__lt=now() - PATIENCE)
    soon = overdue.filter(next_at__lte=now() + pauses.MOST).select_related("patient").order_by("next_at", "pk")
    left = OTHERWISE
    for message in list(soon[:LOOKED_AT]):
        left -= fail(message, "provider_down", only_with_another=True) == "failed"
        if not left:
            return


def _send(batch: Batch, message: Message, carrier: Carrier | None) -> str:
    """What became of it. Raises NotTaken where the provider is away; whatever else breaks, breaks this one alone."""
    try:
        kind = kind_of(message.kind)
        if message.attempts > DEADLY:
            return fail(message, "broken")
        if now() >= message.too_late_at:
            return _skip(message, "too_late")
        found = kind.look(message)
        if isinstance(found, Skip):
            return _skip(message, found.why)
        hindered = "" if kind.to_desk else _hindrance(batch, message, kind)
        if hindered:
            return fail(message, hindered)
        quiet = None if kind.urgent or found.urgent else end_of_quiet(message, rules_of(message.organization))
        if quiet is not None:
            return _later(message, quiet, "quiet")
        outcome = _hand_over(message, kind, found, carrier)
        if outcome == "sent" and not kind.to_desk:
            batch.note_sent(message)
        return outcome
    except NotTaken:
        raise
    except DatabaseError as error:
        # Of this row, or of all: writing that it is tried again tells. What a database says may name the address.
        log.error("message_broken", message=str(message.uuid), kind=message.kind, error=type(error).__name__)
        return _again(message, "broken")
    except Exception as error:
        # A template, a look or a row that is broken: nothing else waits behind it.
        log.exception("message_broken", message=str(message.uuid), kind=message.kind, error=type(error).__name__)
        return _again(message, "broken")


def _hindrance(batch: Batch, message: Message, kind: Kind) -> str:
    hindered = batch.reach(message).obstacle(kind, message.channel)
    if not hindered and batch.sent_today(message) >= rules_of(message.organization).most:
        return "too_many"
    return hindered


def _hand_over(message: Message, kind: Kind, letter: Letter, carrier: Carrier | None) -> str:
    address = letter.desk if kind.to_desk else address_of(message.patient, message.channel)
    parcel = rendering.parcel(message, kind, letter, address)
    if carrier is None:
        return fail(message, "no_carrier")
    try:
        receipt = carrier.carry(parcel)
    except NotTaken as answer:
        if answer.is_down:
            raise
        if answer.for_good:
            return fail(message, answer.why, address=address)
        return _again(message, answer.why)
    written = end(
        message,
        MessageStatus.SENT,
        what="sent",
        detail=receipt.provider,
        reason="",
        address=address,
        provider=receipt.provider,
        # As notices are read: a longer one could not be written down, and the message would go out again and again.
        provider_id=receipt.provider_id.replace("\x00", "")[:LONGEST_ID],
        sent_at=now(),
    )
    return "sent" if written else "lost"


def _skip(message: Message, why: str) -> str:
    end(message, MessageStatus.SKIPPED, what="skipped", detail=why, reason=why)
    return "skipped"


def _later(message: Message, at: dt.datetime, why: str = "") -> str:
    """Not a try: nobody was asked."""
    end(
        message,
        MessageStatus.WAITING,
        what="put_off",
        detail=why,
        next_at=at,
        reason=why,
        attempts=message.attempts - 1,
    )
    return "put_off"


def _again(message: Message, why: str) -> str:
    """Try again after a while that doubles; in the open as failed after the last time, or by another channel."""
    if message.attempts > len(BACK_OFF):
        return fail(message, why)
    wait = dt.timedelta(seconds=BACK_OFF[message.attempts - 1])
    end(message, MessageStatus.WAITING, what="refused", detail=why, next_at=now() + wait, reason=why)
    return "again"
