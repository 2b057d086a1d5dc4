"""The life of a recording: our own codes (FHIR has none), and the moves between them. No database."""

from enum import StrEnum

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


class ExportStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_S = RecordingStatus

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
        raise IllegalTransition(f"A recording that is {current} cannot become {target.value}.")
    return target
