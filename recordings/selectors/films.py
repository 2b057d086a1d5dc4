"""Reading exports: each belongs to who asked for it, as long as they may have the recording."""

import uuid as uuids
from collections.abc import Iterator

from accounts.actors import Actor
from core.clock import now
from core.errors import NotFound
from recordings import keystore
from recordings.lifecycle import ExportStatus
from recordings.models import Export, Recording
from recordings.ranges import Span
from recordings.sealed import SealedFile, SealedReader
from recordings.selectors.playback import get_recording_for


def exports_of(actor: Actor, recording: Recording) -> list[Export]:
    """What this person has asked for and has not given up, the newest first; one of each kind."""
    shown = (ExportStatus.QUEUED, ExportStatus.RUNNING, ExportStatus.READY, ExportStatus.FAILED)
    rows = recording.exports.filter(requested_by_type=actor.type, requested_by_id=actor.id, status__in=shown).order_by(
        "-pk"
    )
    newest = {export.kind: export for export in reversed(rows)}
    return [export for export in newest.values() if not _is_over(export)]


def get_export(actor: Actor, recording: uuids.UUID, export: uuids.UUID) -> Export:
    """An export of one's own, in whatever state."""
    found = get_recording_for(actor, recording, "recordings.export")
    mine = Export.objects.select_related("recording__organization", "recording__encounter__appointment").filter(
        recording=found, uuid=export, requested_by_type=actor.type, requested_by_id=actor.id
    )
    if not (one := mine.first()):
        raise NotFound
    return one


def get_finished_export(actor: Actor, recording: uuids.UUID, export: uuids.UUID) -> Export:
    """An export of one's own that can be taken along now."""
    found = get_export(actor, recording, export)
    # A film holds what was there when it was asked for: a part that is erased since then is still in it.
    is_stale = found.recording.streams.filter(erase_asked_at__gte=found.requested_at).exists()
    if found.status != ExportStatus.READY or _is_over(found) or is_stale:
        raise NotFound
    return found


def film_bytes(export: Export, span: Span) -> Iterator[bytes]:
    """The bytes of a part of the film, block by block."""
    recording = export.recording
    try:
        identity = keystore.stream_identity(recording.organization.uuid, export.uuid)
    except keystore.KeyMissing:
        raise NotFound from None
    sealed = SealedFile(recording.uuid, export.uuid, export.size, export.blocks)
    return SealedReader(sealed, identity).chunks(span.start, span.length)


def _is_over(export: Export) -> bool:
    return export.expires_at is not None and export.expires_at <= now()
