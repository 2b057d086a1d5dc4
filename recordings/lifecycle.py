"""The life of a recording: our own codes (FHIR has none), the moves between them, and how one stands. No database."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from core.errors import IllegalTransition


class RecordingStatus(StrEnum):
    REQUESTED = "requested"
    WAITING = "waiting"
    RECORDING = "recording"
    PAUSED = "paused"
    FINISHING = "finishing"
    READY = "ready"
    FAILED = "failed"
    ERASED = "erased"


class Problem(StrEnum):
    """Why nothing is recorded although it was asked for, or why it ended."""

    CONSENT = "consent"
    """Too few agree, or are there."""
    LOST = "lost"
    """No relay tells that it writes."""
    LAPSED = "lapsed"
    """The relay has heard nothing of us for longer than the lease."""
    FULL = "full"
    """The disk's reserve is reached."""
    FAILING = "failing"
    """The disk refuses."""
    UNAVAILABLE = "unavailable"
    """The relay has no folder for recordings."""
    SILENT = "silent"
    """The relay writes, and nobody who agreed sends anything."""
    KEYS = "keys"
    """Somebody's key could not be made."""
    CAP = "cap"
    """It reached the longest time or the largest size."""
    NOTHING = "nothing"
    """Not one part was written."""
    UNREADABLE = "unreadable"
    """There are parts, and none can be opened and shown: changed, or their keys are lost."""
    BROKEN = "broken"
    """Putting it together broke off again and again; the parts are kept."""


class ExportStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


HEARD_FOR = dt.timedelta(seconds=3)
"""A relay that writes tells so once a second; after so long without a word nothing is believed to reach the disk."""

_S = RecordingStatus

_OF_RELAY = {
    "lapsed": Problem.LAPSED,
    "full": Problem.FULL,
    "failing": Problem.FAILING,
    "unavailable": Problem.UNAVAILABLE,
}

MOVES: dict[RecordingStatus, frozenset[RecordingStatus]] = {
    # Asked for; its keys are being made.
    _S.REQUESTED: frozenset({_S.WAITING, _S.FINISHING, _S.FAILED}),
    # Too few have agreed, or no byte has reached the disk yet.
    _S.WAITING: frozenset({_S.RECORDING, _S.FINISHING, _S.FAILED}),
    # Bytes reach the disk.
    _S.RECORDING: frozenset({_S.PAUSED, _S.FINISHING}),
    # They did, and do not now.
    _S.PAUSED: frozenset({_S.RECORDING, _S.FINISHING}),
    # Stopped for good; what there is is put together.
    _S.FINISHING: frozenset({_S.READY, _S.FAILED, _S.ERASED}),
    _S.READY: frozenset({_S.ERASED}),
    # Repair may find parts after all.
    _S.FAILED: frozenset({_S.FINISHING, _S.ERASED}),
    _S.ERASED: frozenset(),
}

OPEN = frozenset({_S.REQUESTED, _S.WAITING, _S.RECORDING, _S.PAUSED})
"""It may still grow. A visit has one such recording at most."""


def moved(current: str, target: RecordingStatus) -> RecordingStatus:
    """Return `target` if the table allows the move, else raise IllegalTransition."""
    if target not in MOVES[RecordingStatus(current)]:
        words = _("A recording that is %(state)s cannot become %(target)s.")
        raise IllegalTransition(words % {"state": current, "target": target.value})
    return target


@dataclass(frozen=True)
class Facts:
    """What is known of an open recording: since when bytes are due (None: they are not), and what was heard when."""

    began: bool
    due_at: dt.datetime | None
    relay_state: str
    heard_at: dt.datetime | None
    key_missing: bool = False


def standing(facts: Facts, instant: dt.datetime) -> tuple[RecordingStatus, str]:
    """Where an open recording stands now, and the problem that keeps bytes from the disk (empty: none, or not yet)."""
    if bytes_arrive(facts, instant):
        return _S.RECORDING, Problem.KEYS if facts.key_missing else ""
    problem = _problem(facts, instant)
    return (_S.PAUSED if facts.began else _S.WAITING), problem


def bytes_arrive(facts: Facts, instant: dt.datetime) -> bool:
    """The red light: a relay said a moment ago that what is due reaches the disk."""
    if facts.due_at is None or facts.heard_at is None or facts.heard_at < facts.due_at:
        return False
    return facts.relay_state == "recording" and instant - facts.heard_at <= HEARD_FOR


def _problem(facts: Facts, instant: dt.datetime) -> str:
    """Of a relay that writes, silence is the bad sign; every other state it says once, and that stands."""
    if facts.due_at is None:
        return Problem.KEYS if facts.key_missing else Problem.CONSENT
    if known := _OF_RELAY.get(facts.relay_state):
        return known
    if instant - facts.due_at <= HEARD_FOR:
        return ""
    return Problem.SILENT if facts.relay_state == "waiting" else Problem.LOST
