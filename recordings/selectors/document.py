"""Reading what a relay may write: the recording's part of a room's document, straight from the ledger of consent."""

import base64
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from consent.models import Purpose
from consent.selectors import newest_decision
from consults.lifecycle import VisitStatus
from consults.models import Encounter
from recordings.lifecycle import OPEN
from recordings.models import Recording, Stream
from recordings.permission import Person, who_may_be_recorded
from recordings.selectors.roomkeys import mac_of, recipient_of

LEASE_SECONDS = 5


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
    agreed = who_may_be_recorded(encounter.seats.all(), decisions)
    recipients = {person: recipient_of(recording, streams[person]) for person in agreed}
    # Who has no key cannot be written, and then the others may be too few.
    may = who_may_be_recorded(agreed.values(), {p: decisions[p] for p in agreed if recipients[p] is not None})
    mac = mac_of(recording) if may else None
    if mac is None:
        return None
    return {
        "recording": str(recording.uuid),
        "mac": base64.b64encode(mac).decode(),
        "lease": LEASE_SECONDS,
        "people": {
            str(seat.uuid): {"stream": str(streams[person].uuid), "recipient": recipients[person]}
            for person, seat in may.items()
        },
    }


def _open_recordings() -> QuerySet[Recording]:
    """The ledger is asked at every look: a yes that stands no more is in no document, whatever a stream's row says."""
    decision = newest_decision(
        Purpose.RECORDING,
        visit="recording__encounter__uuid",
        since="recording__encounter__performer_since",
        person_type="person_type",
        person_id="person_id",
    )
    streams = Stream.objects.filter(ended_at=None, erase_asked_at=None).annotate(decision=decision)
    return (
        Recording.objects.filter(status__in=OPEN)
        .select_related("organization")
        .prefetch_related(Prefetch("streams", queryset=streams, to_attr="standing_streams"))
    )
