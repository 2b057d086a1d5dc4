"""Reading recordings to play them: the list, one recording, its timeline, the bytes of its files."""

import datetime as dt
import uuid as uuids
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.policy import may, require
from consults import codes
from consults.models import Encounter
from consults.selectors import chat_since
from core.errors import NotFound
from core.templatetags.ui import clock_time
from recordings import keystore
from recordings.lifecycle import RecordingStatus
from recordings.models import MediaFile, Recording, Stream
from recordings.policies import is_behind_code, may_recording, relation_to_recording
from recordings.ranges import Span
from recordings.sealed import SealedFile, SealedReader
from scheduling.viewing import record_views

# A hole that nobody hears is not drawn: shorter than this the player leaves it to the browser.
SHOWN_GAP_MS = 300


def recordings_of(actor: Actor) -> list[Recording]:
    """What the practitioner may play or see the fate of, the newest first; recorded as seen."""
    require(actor, "recordings.list")
    if actor.organization_id is None or actor.practitioner_id is None:
        raise NotFound
    mine = _with_visit().filter(organization_id=actor.organization_id)
    rows = mine.filter(requested_by_type=actor.type, requested_by_id=actor.id)
    found = [row for row in rows.order_by("-requested_at") if may_recording(actor, "recordings.play", row)]
    record_views(actor=actor, patient_ids=[row.encounter.patient_id for row in found], page="recordings")
    return found


def recordings_of_visit(actor: Actor, encounter: Encounter) -> list[Recording]:
    """The recordings of one visit that the actor may play, the oldest first."""
    rows = _with_visit().filter(encounter=encounter).order_by("requested_at")
    return [row for row in rows if may_recording(actor, "recordings.play", row)]


def get_recording_for(actor: Actor, uuid: uuids.UUID, action: str = "recordings.play") -> Recording:
    """One recording for those whom the table allows the action; NotFound for everybody else."""
    found = _with_visit().filter(uuid=uuid).first()
    if found is None or not may_recording(actor, action, found):
        raise NotFound
    return found


def awaits_code(actor: Actor, uuid: uuids.UUID) -> bool:
    """Whether this is of the patient's own visit, and closed to their link until they show who they are."""
    found = _with_visit().filter(uuid=uuid).first()
    is_own = found is not None and may(actor, "recordings.play", relation_to_recording(actor, found))
    return found is not None and is_own and is_behind_code(actor, found.encounter)


def get_media(actor: Actor, recording: uuids.UUID, file: uuids.UUID) -> MediaFile:
    """One file of a recording that may be played and is not erased.

    The page opens for an hour after the code; what it plays comes for as much longer as the recording lasts, so that
    one that was begun in that hour does not break off in the middle.
    """
    found = _with_visit().filter(uuid=recording).first()
    if found is None:
        raise NotFound
    length = dt.timedelta(milliseconds=duration_ms(playable_files(found)))
    if not may_recording(actor, "recordings.play", found, codes.OPEN_FOR + length):
        raise NotFound
    media = _playable(found).filter(uuid=file).first()
    if media is None:
        raise NotFound
    return media


def media_bytes(media: MediaFile, span: Span) -> Iterator[bytes]:
    """The bytes of a part of a file, block by block; each is opened when it is asked for."""
    try:
        identity = keystore.stream_identity(media.stream.recording.organization.uuid, media.stream.uuid)
    except keystore.KeyMissing:
        raise NotFound from None
    return SealedReader(sealed_of(media), identity).chunks(span.start, span.length)


def sealed_of(media: MediaFile) -> SealedFile:
    return SealedFile(media.stream.recording.uuid, media.uuid, media.size, media.blocks, media.block_size)


def playable_files(recording: Recording) -> list[MediaFile]:
    """Whose keys are still there: people first, in the order they came."""
    return list(_playable(recording))


def timeline(actor: Actor, recording: Recording) -> dict[str, Any]:
    """Everything that the player needs but the media: who, from when to when, holes, and the chat in time."""
    files = playable_files(recording)
    began = recording.began_at or recording.requested_at
    return {
        "status": recording.status,
        "percent": recording.percent,
        "began_at": began.isoformat(),
        "duration_ms": duration_ms(files),
        "tracks": [_track(actor, media) for media in files],
        "erased": [_who(actor, stream) for stream in recording.streams.exclude(erased_at=None)],
        "chat": _chat(actor, recording, began),
    }


def duration_ms(files: list[MediaFile]) -> int:
    return max((media.offset_ms + media.duration_ms for media in files), default=0)


def _track(actor: Actor, media: MediaFile) -> dict[str, Any]:
    stream = media.stream
    return {
        "file": str(media.uuid),
        "kind": media.kind,
        "type": media.content_type,
        **_who(actor, stream),
        "from": media.offset_ms,
        "to": media.offset_ms + media.duration_ms,
        "width": media.width,
        "height": media.height,
        "gaps": [gap for gap in gaps_of(media) if gap["to"] - gap["from"] >= SHOWN_GAP_MS],
    }


def _who(actor: Actor, stream: Stream) -> dict[str, Any]:
    return {"name": stream.label, "you": stream.person_type == actor.type and stream.person_id == actor.id}


@dataclass(frozen=True)
class _Line:
    at: dt.datetime
    author: str
    body: str


def _chat(actor: Actor, recording: Recording, began: dt.datetime) -> list[dict[str, Any]]:
    """The visit's chat; what was written before the recording stands at its beginning."""
    lines = [
        _Line(dt.datetime.fromisoformat(line["sent_at"]), line["author"], line["body"])
        for line in _all_chat(actor, recording.encounter)
    ]
    return [
        {
            "at": max(0, int((line.at - began).total_seconds() * 1000)),
            "time": clock_time(line.at, recording.organization.timezone),
            "author": line.author,
            "body": line.body,
        }
        for line in lines
    ]


def _all_chat(actor: Actor, encounter: Encounter) -> Iterator[Any]:
    last = 0
    while lines := chat_since(actor, encounter, last):
        yield from lines
        last = lines[-1]["seq"]


def gaps_of(media: MediaFile) -> list[dict[str, Any]]:
    """The holes of a file on the recording's timeline, in ms. `source` is empty where nothing at all was recorded."""
    return [
        {"from": int(gap["from"]), "to": int(gap["to"]), "why": str(gap["why"]), "source": str(gap.get("source", ""))}
        for gap in media.gaps
    ]


def _playable(recording: Recording) -> QuerySet[MediaFile]:
    files = MediaFile.objects.select_related("stream__recording__organization")
    if recording.status != RecordingStatus.READY:
        return files.none()
    return files.filter(stream__recording=recording, stream__erased_at=None, stream__erase_asked_at=None).order_by(
        "kind", "stream__began_at", "offset_ms", "pk"
    )


def _with_visit() -> QuerySet[Recording]:
    return Recording.objects.select_related(
        "organization", "encounter__appointment", "encounter__patient", "encounter__practitioner"
    )
