"""Taking in what relays say of the parts they have on disk: levels, not events. Several web processes hear the same."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.actors import system_actor
from core.clock import now
from recordings.lifecycle import OPEN, Problem, RecordingStatus
from recordings.models import Recording, Stream
from recordings.parts import HIGHEST_NUMBER
from recordings.services.rows import restate

HEARABLE = OPEN | {RecordingStatus.FINISHING}
ENOUGH = dt.timedelta(milliseconds=700)
"""What another web process has taken in within this time need not be taken in again: relays repeat every second."""

HEARD = ["heard_at", "heard_run", "relay_state", "safe_at", "size", "status", "problem", "began_at", "clock_offset_ms"]
HEARD += ["clock_run"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_AHEAD = dt.timedelta(minutes=1)


def hear_relay(room: UUID, message: Mapping[str, Any]) -> None:
    """Listener for `recorded`. Numbers only rise; the state is taken from the relay that has the visit now."""
    found = (
        Recording.objects.prefetch_related("streams")
        .filter(uuid=message["recording"], encounter__uuid=room, status__in=HEARABLE)
        .first()
    )
    if found is not None and _is_news(found, message):
        _take_in(found, message)


def _is_news(found: Recording, message: Mapping[str, Any]) -> bool:
    is_recent = found.heard_at is not None and now() - found.heard_at < ENOUGH
    if not is_recent or found.relay_state != message["state"]:
        return True
    known = {stream.uuid: stream for stream in found.streams.all()}
    return any(
        (person["ended"] and not stream.closed) or min(person["number"], HIGHEST_NUMBER) > stream.last_number
        for person in message["people"]
        if (stream := known.get(person["stream"])) is not None
    )


@transaction.atomic
def _take_in(found: Recording, message: Mapping[str, Any]) -> None:
    recording = (
        Recording.objects.select_for_update(of=("self",))
        .select_related("encounter")
        .filter(pk=found.pk, status__in=HEARABLE)
        .first()
    )
    if recording is None:
        return
    instant = now()
    _compare_clocks(recording, message, instant)
    safe_at = _newest_sync(message, instant)
    is_late = _is_late(recording, str(message["run"]), safe_at)
    _raise_numbers(recording, message, is_late=is_late)
    if not is_late and message["relay"] == recording.encounter.relay:
        if safe_at is not None:
            recording.heard_run, recording.safe_at = str(message["run"]), safe_at
        _take_state(recording, message["state"], instant)
    recording.save(update_fields=HEARD)


def _compare_clocks(recording: Recording, message: Mapping[str, Any], instant: dt.datetime) -> None:
    """A word is heard after what it tells of, so the least difference of the two clocks is nearest to the true one."""
    synced = max((person["synced"] for person in message["people"]), default=0)
    if recording.status not in OPEN or synced <= 0 or recording.clock_run not in ("", str(message["run"])):
        return
    offset = (instant - _EPOCH) // dt.timedelta(milliseconds=1) - synced // 1000
    known = recording.clock_offset_ms
    recording.clock_run = str(message["run"])
    recording.clock_offset_ms = offset if known is None else min(known, offset)


def _take_state(recording: Recording, state: str, instant: dt.datetime) -> None:
    if recording.status not in OPEN:
        return
    recording.heard_at, recording.relay_state = instant, state
    actor = system_actor("relay", recording.organization_id)
    # A key that is missing stays the problem until the watch has made it.
    restate(actor, recording, instant, key_missing=recording.problem == Problem.KEYS)


def _is_late(recording: Recording, run: str, safe_at: dt.datetime | None) -> bool:
    """Whether a later word of the same relay process was taken in already. Its own clock never goes back."""
    if safe_at is None or recording.safe_at is None:
        return False
    return run == recording.heard_run and safe_at < recording.safe_at


def _raise_numbers(recording: Recording, message: Mapping[str, Any], *, is_late: bool) -> None:
    said = {person["stream"]: person for person in message["people"]}
    streams = list(Stream.objects.select_for_update().filter(recording=recording).order_by("pk"))
    for stream in streams:
        person = said.get(stream.uuid)
        if person is None:
            continue
        run = str(message["run"])
        stream.last_number = max(stream.last_number, min(max(0, person["number"]), HIGHEST_NUMBER))
        stream.sizes[run] = max(stream.sizes.get(run, 0), person["bytes"])
        stream.size = sum(stream.sizes.values())
        stream.closed = stream.closed if is_late else person["ended"]
        stream.save(update_fields=["last_number", "sizes", "size", "closed"])
    recording.size = sum(stream.size for stream in streams)


def _newest_sync(message: Mapping[str, Any], instant: dt.datetime) -> dt.datetime | None:
    """The relay's clock; one that is far ahead of ours is not believed."""
    latest = int((instant + _AHEAD - _EPOCH) / dt.timedelta(microseconds=1))
    times = [person["synced"] for person in message["people"] if 0 < person["synced"] <= latest]
    return _EPOCH + dt.timedelta(microseconds=max(times)) if times else None
