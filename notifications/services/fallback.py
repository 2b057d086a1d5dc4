"""What cannot go by its channel: failed in the open, and by the person's next channel where there is one."""

import structlog
from django.db import transaction

from core.clock import now
from notifications import hints
from notifications.kinds import kind_of
from notifications.lifecycle import MessageStatus
from notifications.models import Message, MessageEvent
from notifications.selectors.choosing import next_channel

log = structlog.get_logger(__name__)

# Said no by the person: that is an answer, not a failure.
_CHOSEN = frozenset({"opted_out", "stopped"})


@transaction.atomic
def fail(message: Message, why: str, *, address: str = "", only_with_another: bool = False) -> str:
    """End a message that is ours, or that nobody has, as failed; the next channel takes it over if there is one.

    With `only_with_another` it stays as it is when there is none.
    """
    another = _another(message)
    if another is None and only_with_another:
        return "again"
    status = MessageStatus.SKIPPED if why in _CHOSEN else MessageStatus.FAILED
    mine = Message.objects.filter(pk=message.pk, claim=message.claim, status=message.status)
    if not mine.update(status=status, reason=why, claim="", address=address or message.address):
        return "lost"
    MessageEvent.objects.create(message=message, what=status.value, detail=why)
    if another is not None:
        go_by(message, another)
    return str(status.value)


def fall_back(message: Message) -> bool:
    """A message that was sent has come back: by the next channel, if it is not too late."""
    another = _another(message)
    return another is not None and go_by(message, another)


def go_by(message: Message, channel: str) -> bool:
    """Write the same message for another channel, due now."""
    instant = now()
    _, made = Message.objects.get_or_create(
        patient_id=message.patient_id,
        kind=message.kind,
        about=message.about,
        version=message.version,
        channel=channel,
        defaults={
            "organization_id": message.organization_id,
            "due_at": instant,
            "next_at": instant,
            "too_late_at": message.too_late_at,
            "instead_of": message,
        },
    )
    if made:
        transaction.on_commit(lambda: hints.message_waits(channel), robust=True)
    return made


def _another(message: Message) -> str | None:
    if now() >= message.too_late_at:
        return None
    same = Message.objects.filter(
        patient_id=message.patient_id, kind=message.kind, about=message.about, version=message.version
    )
    tried = frozenset(same.values_list("channel", flat=True))
    try:
        kind = kind_of(message.kind)
    except KeyError:
        # Of a room that is not here any more: nobody knows its ways.
        log.warning("kind_unknown", kind=message.kind)
        return None
    return next_channel(kind, message.patient, tried)
