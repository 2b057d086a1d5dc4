"""Auditing that a recording was opened to be played."""

from accounts.actors import Actor
from audit.services import record
from recordings.models import Recording
from recordings.policies import require_recording


def note_opened(*, actor: Actor, recording: Recording) -> None:
    """One event each time the player's page is opened, by staff and by patients alike."""
    require_recording(actor, "recordings.play", recording)
    patient_id = recording.encounter.patient_id
    record(actor=actor, action="recordings.play", entity=recording, patient_id=patient_id)
