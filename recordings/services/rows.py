"""What the services of a recording's life share: finding and locking its row, moving it, auditing the move.

Locks are taken in one order everywhere: visit, recording, streams. Who has locked a recording alone never asks for
its visit.
"""

import datetime as dt
from typing import Any

from accounts.actors import Actor
from audit.services import record
from consults import hints
from consults.models import Encounter
from recordings.lifecycle import OPEN, Facts, RecordingStatus, moved, standing
from recordings.models import Recording


def open_recording(encounter: Encounter) -> Recording | None:
    """The recording of a locked visit that may still grow, locked."""
    return (
        Recording.objects.select_for_update(of=("self",))
        .select_related("organization", "encounter")
        .filter(encounter=encounter, status__in=OPEN)
        .first()
    )


def facts_of(recording: Recording, *, key_missing: bool = False) -> Facts:
    return Facts(
        began=recording.began_at is not None,
        due_at=recording.due_at,
        relay_state=recording.relay_state,
        heard_at=recording.heard_at,
        key_missing=key_missing,
    )


def restate(actor: Actor, recording: Recording, instant: dt.datetime, *, key_missing: bool = False) -> None:
    """Move an open recording to where it stands now, in memory; hint to its pages when they would show another."""
    status, problem = standing(facts_of(recording, key_missing=key_missing), instant)
    if (recording.status, recording.problem) == (status, problem):
        return
    recording.problem = problem
    if recording.status != status:
        move(actor, recording, status)
    if status == RecordingStatus.RECORDING and recording.began_at is None:
        recording.began_at = instant
    hints.visit_changed(recording.encounter)


def move(actor: Actor, recording: Recording, target: RecordingStatus) -> None:
    """In memory; raises IllegalTransition. Every move leaves an event."""
    former, recording.status = recording.status, moved(recording.status, target)
    record_recording(actor, "recordings.move", recording, former=former, status=target, problem=recording.problem)


def record_recording(actor: Actor, action: str, recording: Recording, **detail: Any) -> None:
    patient_id = recording.encounter.patient_id
    record(actor=actor, action=action, entity=recording, patient_id=patient_id, detail=detail)
