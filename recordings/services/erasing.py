"""Erasing recordings, whole or one person's part: decided in one transaction, carried out afterwards, keys first.

A decision is never forgotten: whatever is decided and not yet carried out is found again by `carry_out_decided`. From
the decision on nobody is given a byte. docs/recording.md, "Retention and erasure".
"""

import contextlib
import datetime as dt
import shutil
import uuid as uuids
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from audit.services import record
from core.clock import now
from core.errors import Conflict, NotFound
from recordings import hints, keystore, sealed
from recordings.lifecycle import OPEN, ExportStatus, RecordingStatus, moved
from recordings.models import Export, Recording, Stream
from recordings.policies import require_recording

log = structlog.get_logger(__name__)

ENDED = frozenset({RecordingStatus.FINISHING, RecordingStatus.READY, RecordingStatus.FAILED})
# A worker that began before the decision may still write for so long: what it left is looked for again.
LOOK_AGAIN_FOR = dt.timedelta(days=2)


@transaction.atomic
def decide_to_erase_part(*, actor: Actor, recording: Recording) -> None:
    """Erase what is there of the person who asks. Once more is no error; Conflict while held, or still recorded."""
    require_recording(actor, "recordings.erase_mine", recording)
    if actor.id is None:
        raise NotFound
    locked = _lock(recording)
    mine = Stream.objects.filter(recording=locked, person_type=actor.type, person_id=actor.id, erase_asked_at=None)
    if not mine:
        return
    _refuse_held(locked)
    if mine.filter(ended_at=None).exists() and locked.status in OPEN:
        raise Conflict(
            _("You are being recorded now. Take back your yes first, then erase your part."), code="recording.on"
        )
    count = mine.update(erase_asked_at=now())
    transaction.on_commit(hints.erasure_waits)
    _record(actor, "recordings.erase_part", locked, streams=count)


@transaction.atomic
def decide_to_erase(*, actor: Actor, recording: Recording, why: str) -> None:
    """Erase all of a recording that has ended. `why` is a code: "rule" or "officer"."""
    require_recording(actor, "recordings.erase", recording)
    locked = _lock(recording)
    if locked.erase_asked_at is not None:
        return
    _refuse_held(locked)
    if locked.status not in ENDED:
        raise Conflict(_("This recording is still being made. Wait until it has ended."), code="recording.on")
    locked.erase_asked_at = now()
    locked.save(update_fields=["erase_asked_at"])
    Stream.objects.filter(recording=locked, erase_asked_at=None).update(erase_asked_at=locked.erase_asked_at)
    transaction.on_commit(hints.erasure_waits)
    _record(actor, "recordings.erase", locked, why=why)


def carry_out_decided() -> int:
    """Carry out every decision that is not done, and take away what was written after one. Returns how many."""
    late = now() - LOOK_AGAIN_FOR
    pending = Q(streams__erase_asked_at__isnull=False) & (Q(streams__erased_at=None) | Q(streams__erased_at__gt=late))
    whole = Q(erase_asked_at__isnull=False) & (Q(erased_at=None) | Q(erased_at__gt=late))
    found = Recording.objects.filter(pending | whole).distinct()
    done = 0
    for recording in found.select_related("organization"):
        try:
            carry_out(recording)
            done += 1
        except Exception as error:  # noqa: BLE001  One recording that cannot be erased must not keep the others.
            log.error("recording_not_erased", recording=str(recording.uuid), error=type(error).__name__)
    return done


def carry_out(recording: Recording) -> None:
    """Carry out what was decided about one recording: keys, then files, then rows. Any step may be repeated."""
    recording = Recording.objects.select_related("organization", "encounter").get(pk=recording.pk)
    organization = recording.organization.uuid
    streams = list(recording.streams.exclude(erase_asked_at=None))
    exports = list(recording.exports.all()) if streams or recording.erase_asked_at else []
    is_whole = recording.erase_asked_at is not None
    # Keys first: from here on no file, wherever a copy of it lies, can be read by anybody.
    for key in [*(stream.uuid for stream in streams), *(export.uuid for export in exports)]:
        keystore.destroy(organization, key)
    if is_whole:
        keystore.destroy(organization, recording.uuid)
    for stream in streams:
        for media in stream.files.all():
            remove_sealed(recording, media.uuid)
        _remove_parts(recording, stream.uuid)
    for export in exports:
        remove_sealed(recording, export.uuid)
    if is_whole:
        _remove_parts(recording)
    _say_so(recording, [stream for stream in streams if stream.erased_at is None], exports)


def remove_sealed(recording: Recording, file: uuids.UUID) -> None:
    """Remove a sealed file's blocks; what is gone already is no error."""
    with contextlib.suppress(FileNotFoundError):
        sealed.remove_file(recording.uuid, file)


def _remove_parts(recording: Recording, *below: uuids.UUID) -> None:
    """Remove what the relay wrote, of one stream or of all."""
    folder = Path(settings.RECORDINGS_DIR, "incoming", str(recording.uuid), *map(str, below))
    if folder.exists():
        shutil.rmtree(folder)


@transaction.atomic
def _say_so(recording: Recording, streams: list[Stream], exports: list[Export]) -> None:
    """The rows and the audit learn what has been done."""
    locked = _lock(recording)
    system = system_actor("erasure", locked.organization_id)
    instant = now()
    for stream in streams:
        stream.files.all().delete()
        Stream.objects.filter(pk=stream.pk).update(erased_at=instant, recipient="")
        _record(system, "recordings.erase_part.done", locked, stream=str(stream.uuid))
    over = (ExportStatus.QUEUED, ExportStatus.RUNNING, ExportStatus.READY)
    Export.objects.filter(pk__in=[export.pk for export in exports], status__in=over).update(
        status=ExportStatus.EXPIRED, finished_at=instant, claimed_until=None, recipient=""
    )
    nothing_left = locked.status in ENDED and not locked.streams.filter(erased_at=None).exists()
    if locked.status != RecordingStatus.ERASED and (locked.erase_asked_at is not None or (streams and nothing_left)):
        locked.status = moved(locked.status, RecordingStatus.ERASED)
        locked.erased_at, locked.percent, locked.claimed_until = instant, None, None
        locked.erase_asked_at = locked.erase_asked_at or instant
        locked.save(update_fields=["status", "erased_at", "erase_asked_at", "percent", "claimed_until"])
        _record(system, "recordings.erase.done", locked)


def _lock(recording: Recording) -> Recording:
    return Recording.objects.select_for_update(of=("self",)).select_related("encounter").get(pk=recording.pk)


def _refuse_held(recording: Recording) -> None:
    if recording.legal_hold:
        raise Conflict(
            _("This recording has to be kept for now, for a reason in law. Ask the clinic about it."),
            code="recording.on_hold",
        )


def _record(actor: Actor, action: str, recording: Recording, **detail: object) -> None:
    record(actor=actor, action=action, entity=recording, patient_id=recording.encounter.patient_id, detail=detail)
