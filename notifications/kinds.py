"""The kinds of messages. Each is registered by the room that knows what it is about, with the port that looks again."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_noop

from notifications.models import Channel

if TYPE_CHECKING:
    from notifications.models import Message

EMAIL, SMS, PUSH = Channel.EMAIL, Channel.SMS, Channel.PUSH


class Group(StrEnum):
    """What people switch on and off together."""

    BOOKINGS = "bookings"
    REMINDERS = "reminders"
    VISIT = "visit"
    OFFERS = "offers"
    DESK = "desk"

    @property
    def label(self) -> str:
        return gettext(_GROUP_LABELS[self])


_GROUP_LABELS = {
    Group.BOOKINGS: gettext_noop("Booked, moved and cancelled visits"),
    Group.REMINDERS: gettext_noop("Reminders before a visit"),
    Group.VISIT: gettext_noop("You are next, and your doctor is ready"),
    Group.OFFERS: gettext_noop("A time for you from the wait list"),
    Group.DESK: gettext_noop("To the front desk"),
}


@dataclass(frozen=True)
class File:
    """What goes along with an email."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class Letter:
    """How things are now, for the templates of the kind. `words` may hold no name of a patient and no condition."""

    words: Mapping[str, Any]
    files: tuple[File, ...] = ()
    # So near that it does not wait for the end of quiet hours, though its kind does.
    urgent: bool = False
    # Of a kind to the desk: the clinic's own address.
    desk: str = ""


@dataclass(frozen=True)
class Skip:
    """It is not so any more: `why` is a code (words.py)."""

    why: str


Look = Callable[["Message"], "Letter | Skip"]
# Made-up words for the preview and the test send, in the language that is active.
Example = Callable[[], Letter]


@dataclass(frozen=True)
class Kind:
    """`name` is also the folder of its templates, "visit.moved" being templates/messages/visit/moved/.

    `look` is asked inside the claim, right before it is sent: what it returns is what the person reads.
    """

    name: str
    # What staff call it, in English (gettext_noop).
    called: str
    group: Group
    look: Look
    example: Example
    channels: tuple[Channel, ...] = (EMAIL, SMS)
    # Of reminders: how long before the visit, as usual; None where it goes out when something happens.
    minutes_before: int | None = None
    # Does not wait for the end of quiet hours.
    urgent: bool = False
    # Where the person wants it by no way at all, the desk is told, and calls.
    desk_calls: bool = False
    # About somebody, and to the clinic's front desk: where it goes its letter says, and nobody's choices count.
    to_desk: bool = False
    # A clinic may switch it off.
    can_be_off: bool = True
    # So long after it was due it is still sent, where no earlier end is given.
    keeps: dt.timedelta = field(default=dt.timedelta(hours=12))

    @property
    def label(self) -> str:
        """What staff call it, in the reader's language."""
        return gettext(self.called)


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Declare a kind; its name once."""
    known = _kinds.setdefault(kind.name, kind)
    if known is not kind and known != kind:
        raise ValueError(f"two kinds are called {kind.name}")


def kind_of(name: str) -> Kind:
    """KeyError for one that nobody has registered."""
    return _kinds[name]


def all_kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())
