"""The life of a message, and the moves between its states. No database here."""

from enum import StrEnum

from django.utils.translation import gettext as _

from core.errors import IllegalTransition


class MessageStatus(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


S = MessageStatus
MOVES: dict[MessageStatus, frozenset[MessageStatus]] = {
    # Sent at once: a provider tells of a message that it has, of which its yes was lost.
    S.WAITING: frozenset({S.SENDING, S.SENT, S.SKIPPED}),
    # Back to waiting: the provider is to be asked again later.
    S.SENDING: frozenset({S.WAITING, S.SENT, S.FAILED, S.SKIPPED}),
    # A provider may tell of a failure after it has told of a delivery: a mailbox that sends it back.
    S.SENT: frozenset({S.DELIVERED, S.FAILED}),
    S.DELIVERED: frozenset({S.FAILED}),
    # Sent again by hand; or, of what was skipped, true again.
    S.FAILED: frozenset({S.WAITING}),
    S.SKIPPED: frozenset({S.WAITING}),
}

# Still to be sent.
OPEN = frozenset({S.WAITING, S.SENDING})


def moved(current: str, target: MessageStatus) -> MessageStatus:
    """Return `target` if the table allows the move, else raise IllegalTransition."""
    if target not in MOVES[MessageStatus(current)]:
        words = _("A message that is %(state)s cannot become %(target)s.")
        raise IllegalTransition(words % {"state": current, "target": target.value})
    return target
