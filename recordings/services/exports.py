"""The life of an export: asked for, claimed by a worker, made, cancelled, expired. How it is made is in exporting."""

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid
from recordings import hints, keystore
from recordings.lifecycle import ExportStatus, RecordingStatus
from recordings.models import Export, Recording
from recordings.policies import require_recording
from recordings.sealed import list_files
from recordings.services.assembling import FAILURES
from recordings.services.erasing import LOOK_AGAIN_FOR, remove_sealed

KEPT_FOR = dt.timedelta(hours=24)
# A worker that is not heard of for so long is dead, and another begins again.
CLAIM = dt.timedelta(seconds=60)
AT_ONCE = 1
"""One film at a time: it takes a core for minutes, and assembling must not wait for it."""

PENDING = (ExportStatus.QUEUED, ExportStatus.RUNNING)


@transaction.atomic
def request_export(*, actor: Actor, recording: Recording, kind: str) -> Export:
    """Ask for a file to take along. What is being made or ready for the same person in the same form is returned."""
    require_recording(actor, "recordings.export", recording)
    if kind not in Export.Kind.values:
        raise Invalid(_("Choose WebM or MP4."), code="export.kind", field="kind")
    locked = Recording.objects.select_for_update(of=("self",)).select_related("encounter").get(pk=recording.pk)
    if locked.status != RecordingStatus.READY or locked.erase_asked_at is not None:
        raise Conflict(_("There is nothing to export: this recording is not ready."), code="recording.not_ready")
    standing = Export.objects.filter(
        Q(status__in=PENDING) | Q(status=ExportStatus.READY, expires_at__gt=now()),
        recording=locked, kind=kind, requested_by_type=actor.type, requested_by_id=actor.id,
    ).first()  # fmt: skip
    if standing is not None:
        return standing
    export = Export.objects.create(
        recording=locked,
        kind=kind,
        requested_by_type=actor.type,
        requested_by_id=actor.id,
        requested_by_label=actor.label,
        requested_at=now(),
    )
    _record(actor, "recordings.export.request", export, kind=kind)
    transaction.on_commit(hints.exports_wait)
    return export


@transaction.atomic
def cancel_export(*, actor: Actor, export: Export) -> None:
    """Stop it, or throw away what was made. What is over already is no error."""
    require_recording(actor, "recordings.export", export.recording)
    standing = (*PENDING, ExportStatus.READY)
    if Export.objects.filter(pk=export.pk, status__in=standing).update(
        status=ExportStatus.CANCELLED, finished_at=now(), recipient=""
    ):
        _record(actor, "recordings.export.cancel", export)
        transaction.on_commit(lambda: _forget(export))


def note_download(*, actor: Actor, export: Export) -> None:
    """Audit that somebody takes the film along."""
    require_recording(actor, "recordings.export", export.recording)
    _record(actor, "recordings.export.download", export)


# For the worker ------------------------------------------------------------------------------------------------------


@transaction.atomic
def claim_export() -> Export | None:
    """The next film to make, claimed; None when there is none or enough are being made.

    A film whose worker fell silent is begun again, but after FAILURES times it is given up: whatever ends its workers
    would end the next one too, and the films behind it wait.
    """
    instant = now()
    free = []
    running = 0
    for export in _pending():
        if export.status == ExportStatus.RUNNING and export.claimed_until and export.claimed_until > instant:
            running += 1
        elif export.failures + 1 >= FAILURES and export.status == ExportStatus.RUNNING:
            fail_export(export, why="given_up")
        else:
            free.append(export)
    if running >= AT_ONCE or not free:
        return None
    export = free[0]
    export.failures += export.status == ExportStatus.RUNNING
    export.status, export.claimed_until, export.percent = ExportStatus.RUNNING, instant + CLAIM, 0
    try:
        export.recipient = keystore.new_stream_key(export.recording.organization.uuid, export.uuid)
    except (keystore.KeystoreError, OSError):
        # Its maker finds no key and says so; the others behind it must not wait for this clinic's keys.
        export.recipient = ""
    export.save(update_fields=["status", "claimed_until", "percent", "recipient", "failures"])
    return export


def _pending() -> list[Export]:
    """Every film that waits or is being made, locked: two workers that count at the same moment count one by one."""
    pending = Export.objects.select_for_update(of=("self",)).filter(status__in=PENDING)
    return list(pending.select_related("recording__organization", "recording__encounter").order_by("pk"))


def go_on(export: Export, percent: int) -> bool:
    """Renew the claim and say how far it is; False when nobody wants it any more."""
    mine = Export.objects.filter(pk=export.pk, status=ExportStatus.RUNNING, claimed_until=export.claimed_until)
    until = now() + CLAIM
    if not mine.update(percent=percent, claimed_until=until):
        return False
    export.claimed_until = until
    return True


@transaction.atomic
def finish_export(export: Export, *, size: int, blocks: int, refused: int) -> bool:
    """The film is whole and sealed. False when it was cancelled, or its recording erased, meanwhile."""
    mine = Export.objects.filter(pk=export.pk, status=ExportStatus.RUNNING, claimed_until=export.claimed_until)
    instant = now()
    done = mine.update(
        status=ExportStatus.READY, percent=100, size=size, blocks=blocks, claimed_until=None,
        finished_at=instant, expires_at=instant + KEPT_FOR,
    )  # fmt: skip
    if done:
        system = system_actor("export", export.recording.organization_id)
        _record(system, "recordings.export.done", export, size=size, refused=refused)
    return bool(done)


@transaction.atomic
def fail_export(export: Export, *, why: str) -> None:
    """It cannot be made; what was sealed of it goes."""
    mine = Export.objects.filter(pk=export.pk, status=ExportStatus.RUNNING)
    if mine.update(status=ExportStatus.FAILED, claimed_until=None, finished_at=now(), recipient=""):
        system = system_actor("export", export.recording.organization_id)
        _record(system, "recordings.export.fail", export, why=why)
        transaction.on_commit(lambda: _forget(export))


def expire_exports() -> int:
    """Take away films whose day is over, key first, and what cancelled ones left. Returns how many expired."""
    instant = now()
    over = Export.objects.filter(status=ExportStatus.READY, expires_at__lte=instant)
    expired = list(over.select_related("recording__organization", "recording__encounter"))
    for export in expired:
        _forget(export)
        Export.objects.filter(pk=export.pk, status=ExportStatus.READY).update(status=ExportStatus.EXPIRED, recipient="")
        system = system_actor("export", export.recording.organization_id)
        _record(system, "recordings.export.expire", export)
    _forget_left_over(instant)
    return len(expired)


def _forget_left_over(instant: dt.datetime) -> None:
    """Of a film that was given up: a process that was killed in between left its key, or a worker its last blocks."""
    given_up = Export.objects.filter(
        status__in=(ExportStatus.CANCELLED, ExportStatus.FAILED), finished_at__gt=instant - LOOK_AGAIN_FOR
    )
    for export in given_up.select_related("recording__organization"):
        clinic, recording = export.recording.organization.uuid, export.recording.uuid
        if not keystore.is_destroyed(clinic, export.uuid) or str(export.uuid) in list_files(recording):
            _forget(export)


def _forget(export: Export) -> None:
    keystore.destroy(export.recording.organization.uuid, export.uuid)
    remove_sealed(export.recording, export.uuid)


def _record(actor: Actor, action: str, export: Export, **detail: object) -> None:
    recording = export.recording
    detail = {"export": str(export.uuid), **detail}
    record(actor=actor, action=action, entity=recording, patient_id=recording.encounter.patient_id, detail=detail)
