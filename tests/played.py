"""A recording as it stands when it is ready: rows, keys and sealed films, made without a relay and without parts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consults.models import Encounter
from core.clock import now
from core.ids import new_uuid
from recordings import keystore
from recordings.models import Export, MediaFile, Recording, Stream
from recordings.sealed import SealedWriter
from tests.films import film


@dataclass(frozen=True)
class Played:
    """What one file of the recording holds, beside its row."""

    recording: Recording
    files: Sequence[MediaFile]
    contents: Sequence[bytes]


def ready_recording(encounter: Encounter, *, films: Sequence[tuple[str, bytes, dict[str, Any]]] = ()) -> Played:
    """`films`: for each whose it is ("patient", "practitioner", or a name), the WebM, fields of its row."""
    films = films or (("practitioner", film(seconds=1), {}), ("patient", film(seconds=1), {"offset_ms": 200}))
    clinic = encounter.organization
    keystore.create_clinic_key(clinic.uuid)
    began = now() - dt.timedelta(minutes=5)
    recording = Recording.objects.create(
        organization=clinic, encounter=encounter, status=Recording.Status.READY, requested_at=began, began_at=began,
        permitted_at=began, ended_at=began + dt.timedelta(seconds=31), requested_by_type="user",
        requested_by_id=encounter.practitioner.user_id, requested_by_label=encounter.practitioner.display_name,
        size=sum(len(content) for _, content, _ in films),
    )  # fmt: skip
    keystore.new_mac(clinic.uuid, recording.uuid)
    streams: dict[str, Stream] = {}
    files = [_file(recording, streams, whose, content, fields) for whose, content, fields in films]
    return Played(recording, files, [content for _, content, _ in films])


def finished_export(recording: Recording, *, content: bytes = b"a film", **fields: Any) -> Export:
    """A film that was made, asked for by nobody in particular unless said."""
    organization, uuid = recording.organization.uuid, new_uuid()
    recipient = keystore.new_stream_key(organization, uuid)
    writer = SealedWriter(recording=recording.uuid, file=uuid, identity=keystore.stream_identity(organization, uuid))
    writer.write(content)
    writer.close()
    asked = {"requested_by_type": "system", "requested_by_id": None, "requested_by_label": "tests", **fields}
    return Export.objects.create(
        uuid=uuid, recording=recording, kind="webm", status=Export.Status.READY, percent=100, size=writer.size,
        blocks=writer.blocks, recipient=recipient, requested_at=now(), finished_at=now(),
        expires_at=now() + dt.timedelta(hours=24), **asked,
    )  # fmt: skip


def _file(
    recording: Recording, streams: dict[str, Stream], whose: str, content: bytes, fields: dict[str, Any]
) -> MediaFile:
    if whose not in streams:
        streams[whose] = _stream(recording, whose)
    stream = streams[whose]
    identity = keystore.stream_identity(recording.organization.uuid, stream.uuid)
    writer = SealedWriter(recording=recording.uuid, file=new_uuid(), identity=identity)
    writer.write(content)
    writer.close()
    sealed = writer.as_sealed()
    return MediaFile.objects.create(
        uuid=sealed.file, stream=stream, size=sealed.size, block_size=sealed.block_size, blocks=sealed.blocks,
        **{"kind": "person", "content_type": "video/webm", "duration_ms": 1000, "sealed_at": now(), **fields},
    )  # fmt: skip


def _stream(recording: Recording, whose: str) -> Stream:
    encounter = recording.encounter
    person = {
        "patient": ("patient", encounter.patient_id, encounter.patient.full_name),
        "practitioner": ("user", encounter.practitioner.user_id, encounter.practitioner.display_name),
    }.get(whose, ("patient", -len(whose), whose))
    uuid = new_uuid()
    return Stream.objects.create(
        uuid=uuid, recording=recording, seat=new_uuid(), person_type=person[0], person_id=person[1], label=person[2],
        recipient=keystore.new_stream_key(recording.organization.uuid, uuid), began_at=recording.began_at,
        ended_at=recording.ended_at, closed=True,
    )  # fmt: skip
