"""Reading whether there is something of a person in a visit's recordings that they may have erased."""

import uuid as uuids

from accounts.actors import Actor
from consults.models import Encounter
from recordings.lifecycle import RecordingStatus
from recordings.models import Stream
from recordings.policies import is_behind_code


def erasable_recording(actor: Actor, encounter: Encounter) -> uuids.UUID | None:
    """The newest recording of the visit that holds, or may hold by now, bytes of this person."""
    if actor.id is None or is_behind_code(actor, encounter):
        return None
    mine = Stream.objects.filter(
        recording__encounter=encounter,
        recording__permitted_at__isnull=False,
        person_type=actor.type,
        person_id=actor.id,
        erase_asked_at=None,
    ).exclude(recording__status=RecordingStatus.ERASED)
    return mine.order_by("-recording_id").values_list("recording__uuid", flat=True).first()
