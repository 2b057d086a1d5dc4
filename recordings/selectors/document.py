"""Reading what a relay may write: the recording's part of a room's document, straight from the ledger of consent."""

import base64
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Prefetch, QuerySet

from consent.models import Purpose
from consent.selectors import newest_decision
from consults.lifecycle import VisitStatus
from consults.models import Encounter
from recordings import keystore
from recordings.lifecycle import OPEN
from recordings.models import Recording, Stream
from recordings.permission import Person, who_may_be_recorded

log = structlog.get_logger(__name__)

LEASE_SECONDS = 5
MACS_KEPT = 512


def document_prefetches() -> "list[Prefetch[Any]]":
    """For all rooms at once: open recordings, and the streams whose people agree."""
    return [Prefetch("recordings", queryset=_open_recordings(), to_attr="open_recordings")]


def add_to_document(encounter: Encounter, document: dict[str, Any]) -> None:
    """Say who of the room may be recorded now, and to which key. The relay forgets it after LEASE_SECONDS."""
    if document["closed"] or encounter.status != VisitStatus.IN_PROGRESS:
        return
    found: Sequence[Recording] | None = getattr(encounter, "open_recordings", None)
    recordings = _open_recordings().filter(encounter=encounter) if found is None else found
    for recording in recordings:
        document["recording"] = _part(encounter, recording)


def _part(encounter: Encounter, recording: Recording) -> dict[str, Any] | None:
    streams: dict[Person, Stream] = {
        Person(row.person_type, row.person_id): row
        for row in recording.standing_streams  # type: ignore[attr-defined]
    }
    decisions: dict[Person, str] = {person: row.decision for person, row in streams.items()}  # type: ignore[attr-defined]
    may = who_may_be_recorded(encounter.seats.all(), decisions)
    mac = _mac_of(recording) if may else None
    if mac is None:
        return None
    return {
        "recording": str(recording.uuid),
        "mac": base64.b64encode(mac).decode(),
        "lease": LEASE_SECONDS,
        "people": {
            str(seat.uuid): {"stream": str(streams[person].uuid), "recipient": streams[person].recipient}
            for person, seat in may.items()
        },
    }


def _open_recordings() -> QuerySet[Recording]:
    """The ledger is asked at every look: a yes that stands no more is in no document, whatever a stream's row says."""
    decision = newest_decision(
        Purpose.RECORDING, visit="recording__encounter__uuid", person_type="person_type", person_id="person_id"
    )
    streams = Stream.objects.filter(ended_at=None, erase_asked_at=None).annotate(decision=decision)
    return (
        Recording.objects.filter(status__in=OPEN)
        .select_related("organization")
        .prefetch_related(Prefetch("streams", queryset=streams, to_attr="standing_streams"))
    )


def _mac_of(recording: Recording) -> bytes | None:
    try:
        return _mac(recording.organization.uuid, recording.uuid)
    except (keystore.KeystoreError, OSError):
        log.exception("recording_mac_unreadable", recording=str(recording.uuid))
        return None


@lru_cache(maxsize=MACS_KEPT)
def _mac(organization: UUID, recording: UUID) -> bytes:
    """Opened once per process: every look needs it again."""
    return keystore.mac(organization, recording)
