"""The watch over open recordings: told when bytes stop, ended when their time is up. Every web process keeps it."""

import datetime as dt

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, QuerySet

from accounts.actors import system_actor
from consent.models import Purpose
from consent.selectors import newest_decision
from consults.lifecycle import BEGUN
from consults.models import Seat
from consults.services.rows import locked_visit
from core.clock import now
from recordings.lifecycle import OPEN, Problem, standing
from recordings.models import Recording, Stream
from recordings.permission import PERMIT, Person, who_may_be_recorded
from recordings.services.life import finish
from recordings.services.rows import facts_of, open_recording
from recordings.services.settling import settle

log = structlog.get_logger(__name__)

GIVEN_UP_AFTER = dt.timedelta(minutes=30)
"""Bytes were due, and no relay has had anything new to say for so long: it does not come back to this recording."""


def watch_recordings() -> None:
    """Look at every open recording; write only where something is not as it should be. Doing it twice is harmless."""
    for recording in _open_recordings():
        try:
            if _wants_attention(recording, now()):
                _attend(recording)
        except Exception:  # the edge of a job: one recording that cannot be judged must not hide the others
            log.exception("recording_not_watched", recording=str(recording.uuid))


def _open_recordings() -> QuerySet[Recording]:
    decision = newest_decision(
        Purpose.RECORDING,
        visit="recording__encounter__uuid",
        since="recording__encounter__performer_since",
        person_type="person_type",
        person_id="person_id",
    )
    streams = Stream.objects.filter(erase_asked_at=None).annotate(decision=decision)
    return (
        Recording.objects.filter(status__in=OPEN)
        .select_related("encounter")
        .prefetch_related(
            Prefetch("streams", queryset=streams),
            Prefetch("encounter__seats", queryset=Seat.objects.filter(left_at=None)),
        )
    )


def _wants_attention(recording: Recording, instant: dt.datetime) -> bool:
    streams = list(recording.streams.all())
    decisions = {Person(row.person_type, row.person_id): row.decision for row in streams}  # type: ignore[attr-defined]
    is_out_of_step = any((row.ended_at is None) != (row.decision == PERMIT) for row in streams)  # type: ignore[attr-defined]
    is_due = bool(who_may_be_recorded(recording.encounter.seats.all(), decisions))
    stands = standing(facts_of(recording), instant) == (recording.status, recording.problem)
    return (
        _ends(recording, instant) is not None
        or is_out_of_step
        or is_due != (recording.due_at is not None)
        or recording.problem == Problem.KEYS
        or not stands
    )


def _ends(recording: Recording, instant: dt.datetime) -> str | None:
    """Why it must end now; None while it need not. The empty reason: its visit is over."""
    if recording.encounter.status not in BEGUN:
        return ""
    longest = dt.timedelta(hours=settings.RECORDING_MAX_HOURS)
    if instant - (recording.began_at or recording.requested_at) >= longest:
        return Problem.CAP
    if recording.size >= settings.RECORDING_MAX_BYTES:
        return Problem.CAP
    heard_at = max(filter(None, (recording.heard_at, recording.due_at)), default=None)
    if recording.due_at is not None and heard_at is not None and instant - heard_at >= GIVEN_UP_AFTER:
        return recording.problem or Problem.LOST
    return None


@transaction.atomic
def _attend(found: Recording) -> None:
    encounter = locked_visit(found.encounter)
    recording = open_recording(encounter)
    if recording is None:
        return
    actor = system_actor("recording watch", recording.organization_id)
    ends = _ends(recording, now())
    if ends is None:
        settle(actor, encounter, recording)
    else:
        finish(actor, encounter, recording, ends)
