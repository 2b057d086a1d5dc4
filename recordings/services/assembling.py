"""Writing how a recording is put together: the claim and its lease, progress, files, the end. The work is assembly/job.

A claim is a conditional UPDATE; its token is the very instant until which it holds, so that a worker that was away too
long finds its claim gone at its next word, and files nothing.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from accounts.actors import system_actor
from consults import hints
from core.clock import now
from recordings.assembly.making import MadeFile
from recordings.lifecycle import Problem, RecordingStatus
from recordings.models import MediaFile, Recording, Stream
from recordings.services.rows import move, record_recording

LEASE = dt.timedelta(seconds=60)
# A recording that cannot be finished is tried again after this long, and by itself no more often than FAILURES times.
PAUSE = dt.timedelta(minutes=1)
LONG_PAUSE = dt.timedelta(minutes=10)
FAILURES = 5
# A relay tells once a second what is on its disk: clocks that seem closer than this are one.
SAME_CLOCK = dt.timedelta(milliseconds=1500)
ASSEMBLED = frozenset({RecordingStatus.FINISHING, RecordingStatus.READY, RecordingStatus.FAILED})
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class ClaimLost(Exception):  # noqa: N818
    """Another worker has the recording, or it may not be put together any more."""


class StreamErased(Exception):  # noqa: N818
    """The person's part was erased while it was put together."""


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a recording, until an instant that it must push on."""

    recording: UUID
    until: dt.datetime


def claim_assembly(recording: UUID) -> Claim | None:
    """Take the recording for LEASE; None if another has it, or it is not to be put together."""
    instant = now()
    claim = Claim(recording, instant + LEASE)
    free = Q(claimed_until=None) | Q(claimed_until__lt=instant)
    taken = Recording.objects.filter(free, uuid=recording, status__in=ASSEMBLED, erase_asked_at=None)
    return claim if taken.update(claimed_until=claim.until) else None


def renew_claim(claim: Claim, percent: int) -> Claim:
    """Hold it for another LEASE and tell how far it is. ClaimLost."""
    renewed = replace(claim, until=now() + LEASE)
    if not _held(claim).update(claimed_until=renewed.until, percent=percent):
        raise ClaimLost
    return renewed


@transaction.atomic
def file_stream(claim: Claim, *, stream: UUID, files: list[MadeFile], report: Mapping[str, Any], began: float) -> None:
    """Keep what was made of a stream. `began`: the timeline's start in Unix µs, kept with the first files.

    ClaimLost or StreamErased: nothing is kept, and the caller removes what it made.
    """
    recording = _locked(claim)
    row = Stream.objects.select_for_update().get(recording=recording, uuid=stream)
    if row.erased_at is not None or row.erase_asked_at is not None:
        raise StreamErased
    if not MediaFile.objects.filter(stream__recording=recording).exists():
        _begin(recording, _EPOCH + dt.timedelta(microseconds=round(began)))
    MediaFile.objects.bulk_create(_media_file(row, made) for made in files)
    row.report = dict(report)
    row.save(update_fields=["report"])
    record_recording(
        _actor(recording),
        "recordings.assemble",
        recording,
        stream=str(stream),
        files=len(files),
        missing=len(report.get("missing", [])),
        refused=len(report.get("refused", {})),
    )


@transaction.atomic
def end_assembly(claim: Claim, problem: Problem) -> None:
    """Ready if there is a file to play, else failed with this problem; a recording that was over stays as it was."""
    recording = _locked(claim)
    playable = MediaFile.objects.filter(stream__recording=recording, stream__erased_at=None).exists()
    if playable and recording.status == RecordingStatus.FAILED:
        move(_actor(recording), recording, RecordingStatus.FINISHING)
    if recording.status == RecordingStatus.FINISHING:
        if not playable:
            recording.problem = problem
        elif recording.problem in (Problem.NOTHING, Problem.UNREADABLE, Problem.BROKEN):
            recording.problem = ""
        move(_actor(recording), recording, RecordingStatus.READY if playable else RecordingStatus.FAILED)
        hints.visit_changed(recording.encounter)
    recording.failures, recording.percent = 0, 100 if playable else None
    # What still lies there and could not be used (a key that is away) is looked at again later, not at once.
    recording.claimed_until = now() + LONG_PAUSE
    recording.save(update_fields=["status", "problem", "failures", "percent", "claimed_until"])


@transaction.atomic
def break_off(claim: Claim) -> None:
    """The work ended in an error: again in a while, and after FAILURES times it is failed, with its parts kept."""
    _held(claim).update(failures=F("failures") + 1, claimed_until=now() + PAUSE)
    recording = Recording.objects.select_for_update().get(uuid=claim.recording)
    if recording.failures >= FAILURES and recording.status == RecordingStatus.FINISHING:
        recording.problem, recording.percent = Problem.BROKEN, None
        recording.failures, recording.claimed_until = 0, now() + LONG_PAUSE
        move(_actor(recording), recording, RecordingStatus.FAILED)
        recording.save(update_fields=["status", "problem", "percent", "failures", "claimed_until"])
        hints.visit_changed(recording.encounter)


def _begin(recording: Recording, began: dt.datetime) -> None:
    """Where the timeline begins, by our clock, since the chat beside it stands on that.

    `began` is by the relay's, or by ours already where assembly could not believe it: whichever is nearer to when we
    heard of the first byte. What was heard late makes relays seem behind, so a little is no error of theirs.
    """
    offset = dt.timedelta(milliseconds=recording.clock_offset_ms or 0)
    heard = recording.began_at or recording.requested_at
    if abs(offset) < SAME_CLOCK or abs(began + offset - heard) > abs(began - heard):
        offset = dt.timedelta()
    recording.began_at = began + offset
    recording.clock_offset_ms = offset // dt.timedelta(milliseconds=1)
    recording.save(update_fields=["began_at", "clock_offset_ms"])


def _held(claim: Claim) -> Any:
    return Recording.objects.filter(
        uuid=claim.recording, claimed_until=claim.until, status__in=ASSEMBLED, erase_asked_at=None
    )


def _locked(claim: Claim) -> Recording:
    found: Recording | None = _held(claim).select_for_update(of=("self",)).select_related("encounter").first()
    if found is None:
        raise ClaimLost
    return found


def _actor(recording: Recording) -> Any:
    return system_actor("recording assembly", recording.organization_id)


def _media_file(stream: Stream, made: MadeFile) -> MediaFile:
    return MediaFile(
        uuid=made.sealed.file,
        stream=stream,
        kind=made.kind,
        content_type="video/webm",
        size=made.sealed.size,
        block_size=made.sealed.block_size,
        blocks=made.sealed.blocks,
        duration_ms=made.duration_ms,
        offset_ms=made.offset_ms,
        width=made.size[0] if made.size else None,
        height=made.size[1] if made.size else None,
        gaps=made.gaps,
        sealed_at=now(),
    )
