"""Reading which recordings are to be put together, and what the work needs to know. For jobs: no actor is asked for."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.models import Organization
from core.clock import now
from recordings.lifecycle import RecordingStatus
from recordings.models import Export, MediaFile, Recording, Stream
from recordings.parts import folder_of, list_parts

# A relay seals its last parts within moments; one that says nothing is not waited for any longer.
SETTLED = dt.timedelta(seconds=20)


def recordings_to_assemble() -> list[UUID]:
    """Those that have ended and are free: finishing ones whose parts are all there, and others that left parts behind.

    A kill at any point leaves one or the other, so this is also what repair looks for.
    """
    instant = now()
    free = Recording.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=instant), erase_asked_at=None)
    finishing = free.filter(status=RecordingStatus.FINISHING).prefetch_related("streams").order_by("ended_at")
    found = [row.uuid for row in finishing if _is_settled(row, instant)]
    left = list(_left_behind())
    over = free.filter(uuid__in=left, status__in=(RecordingStatus.READY, RecordingStatus.FAILED))
    return found + [row.uuid for row in over.prefetch_related("streams") if _has_parts(row)]


def recording_to_assemble(uuid: UUID) -> Recording:
    """The recording with its clinic."""
    return Recording.objects.select_related("organization").get(uuid=uuid)


def streams_to_assemble(recording: Recording) -> list[Stream]:
    """Everybody whose part is not erased, in the order they came."""
    return list(Stream.objects.filter(recording=recording, erased_at=None, erase_asked_at=None).order_by("pk"))


def has_files(recording: Recording) -> bool:
    """Whether any file was made already: then its timeline stands."""
    return MediaFile.objects.filter(stream__recording=recording).exists()


def known_files(recording: Recording) -> set[str]:
    """Ids of all files that a row tells of; blocks of any other were left by a killed worker."""
    media = MediaFile.objects.filter(stream__recording=recording).values_list("uuid", flat=True)
    exports = Export.objects.filter(recording=recording).values_list("uuid", flat=True)
    return {str(uuid) for uuid in (*media, *exports)}


def erased_streams(clinic: Organization) -> list[UUID]:
    """Everybody's part that was erased, or is about to be: their keys must not come back."""
    erased = Q(erased_at__isnull=False) | Q(erase_asked_at__isnull=False)
    return list(Stream.objects.filter(erased, recording__organization=clinic).values_list("uuid", flat=True))


def _is_settled(recording: Recording, instant: dt.datetime) -> bool:
    if recording.ended_at is None or instant - recording.ended_at >= SETTLED:
        return True
    return all(stream.closed for stream in recording.streams.all())


def _left_behind() -> Iterator[UUID]:
    folder = Path(settings.RECORDINGS_DIR) / "incoming"
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            yield UUID(path.name)
        except ValueError:
            continue


def _has_parts(recording: Recording) -> bool:
    return folder_of(recording.uuid).is_dir() and any(
        list_parts(recording.uuid, stream.uuid).numbers
        for stream in recording.streams.all()
        if stream.erased_at is None and stream.erase_asked_at is None
    )
