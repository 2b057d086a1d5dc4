"""Writing to the outbox and taking back, in the transaction of what causes it. Sending lives in sending.py."""

import datetime as dt
import uuid as uuids

from django.db import transaction

from accounts.models import Patient
from core.clock import now
from notifications import hints
from notifications.kinds import kind_of
from notifications.lifecycle import MessageStatus
from notifications.models import Message, MessageEvent
from notifications.selectors.choosing import first_channel

# A row that its person's visit has outlived for other reasons than these may come true again.
_REVIVED = frozenset({"page_open", "not_next", "moved", "not_so"})


def put(
    *,
    kind: str,
    patient: Patient,
    about: uuids.UUID,
    version: int = 0,
    due_at: dt.datetime | None = None,
    too_late_at: dt.datetime | None = None,
    revive: bool = False,
) -> Message | None:
    """Write a message of a registered kind, due now unless said; the same one twice is one.

    The caller is inside the transaction of what it tells of. With `revive`, one that was skipped because it was not
    so then waits again. Returns the row that stands, None where it was there before.
    """
    known = kind_of(kind)
    instant = now()
    due = due_at or instant
    standing = list(Message.objects.filter(patient=patient, kind=kind, about=about, version=version).order_by("pk"))
    if standing:
        # Of several ways the last one: those before it did not work.
        return _revive(standing[-1], due, too_late_at or due + known.keeps) if revive else None
    message, made = Message.objects.get_or_create(
        patient=patient,
        kind=kind,
        about=about,
        version=version,
        channel=first_channel(known, patient),
        defaults={
            "organization_id": patient.organization_id,
            "due_at": due,
            "next_at": due,
            "too_late_at": too_late_at or due + known.keeps,
        },
    )
    if made and due <= instant:
        channel = message.channel
        transaction.on_commit(lambda: hints.message_waits(channel), robust=True)
    return message if made else None


def withdraw(*, about: uuids.UUID, why: str, patient: Patient | None = None, kinds: tuple[str, ...] = ()) -> int:
    """What still waits about this is not to be sent. One that is being sent this moment looks again by itself."""
    rows = Message.objects.filter(about=about, status=MessageStatus.WAITING)
    if patient is not None:
        rows = rows.filter(patient=patient)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    with transaction.atomic(savepoint=False):
        # Who has just claimed one of them has it: it is no longer waiting.
        pks = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
        Message.objects.filter(pk__in=pks).update(status=MessageStatus.SKIPPED, reason=why, claim="")
        MessageEvent.objects.bulk_create([MessageEvent(message_id=pk, what="skipped", detail=why) for pk in pks])
    return len(pks)


def _revive(message: Message, due: dt.datetime, too_late_at: dt.datetime) -> Message | None:
    rows = Message.objects.filter(pk=message.pk, status=MessageStatus.SKIPPED, reason__in=_REVIVED)
    done = rows.update(
        status=MessageStatus.WAITING, reason="", due_at=due, next_at=due, too_late_at=too_late_at, attempts=0
    )
    if not done:
        return None
    channel = message.channel
    if due <= now():
        transaction.on_commit(lambda: hints.message_waits(channel), robust=True)
    message.refresh_from_db()
    return message
