"""Putting recordings together: the claim, the rows, what is left after a kill at any point, and what cannot be read."""

import datetime as dt
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections

from audit.models import AuditEvent
from core.clock import now
from recordings.assembly import job, share
from recordings.lifecycle import RecordingStatus
from recordings.models import MediaFile, Recording, Stream
from recordings.parts import folder_of, path_of
from recordings.selectors.assembly import recordings_to_assemble
from recordings.services.assembling import FAILURES, ClaimLost, claim_assembly, renew_claim
from tests.recorded import BEGAN
from tests.stopped import blocks, check_whole, expected_blocks, places, stopped

__all__ = ["places"]

pytestmark = pytest.mark.django_db


def test_stopped_recording_becomes_a_file_per_person_on_one_timeline(places: Path) -> None:
    recording = stopped()
    assert recordings_to_assemble() == [recording.uuid]
    assert job.assemble(recording.uuid)
    check_whole(recording, places)
    first, second = MediaFile.objects.order_by("pk")
    assert (first.offset_ms, second.offset_ms) == (0, 1000)
    assert (first.duration_ms, first.width, first.height, first.gaps) == (3000, 160, 120, [])
    assert recordings_to_assemble() == []
    assert first.stream.report["missing"] == []
    assert AuditEvent.objects.filter(action="recordings.assemble").count() == 2


def test_assembling_twice_changes_nothing(places: Path) -> None:
    recording = stopped()
    job.assemble(recording.uuid)
    Recording.objects.update(claimed_until=None)
    assert job.assemble(recording.uuid)
    check_whole(recording, places)


def test_claim_holds_out_others_until_its_lease_is_over() -> None:
    recording = stopped()
    claim = claim_assembly(recording.uuid)
    assert claim is not None
    assert claim_assembly(recording.uuid) is None
    assert recordings_to_assemble() == []
    Recording.objects.update(claimed_until=now() - timedelta(seconds=1))
    assert recordings_to_assemble() == [recording.uuid]
    other = claim_assembly(recording.uuid)
    assert other is not None
    with pytest.raises(ClaimLost):
        renew_claim(claim, 50)
    assert renew_claim(other, 50).until >= other.until
    recording.refresh_from_db()
    assert recording.percent == 50


def test_worker_that_lost_its_claim_files_nothing(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = stopped()
    real = share.make_files

    def slow(*given: Any) -> Any:
        made = real(*given)
        Recording.objects.update(claimed_until=now() + timedelta(minutes=5))  # Somebody else's.
        return made

    monkeypatch.setattr(share, "make_files", slow)
    assert not job.assemble(recording.uuid)
    assert MediaFile.objects.count() == 0
    assert blocks(places) == set()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_worker_killed_at_any_step_is_made_good_by_the_next(places: Path) -> None:
    recording = stopped()
    steps = 0
    while kill_at(steps, recording.uuid):
        Recording.objects.update(claimed_until=None)  # Its lease is over.
        steps += 2
    assert steps > 8
    check_whole(recording, places)


def kill_at(step: int, recording: UUID) -> bool:
    """Assemble in a child that is killed at its n-th write to the disk or the database. False: it came to the end."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        left = step

        def count(real: Any) -> Any:
            def counted(*args: Any, **fields: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **fields)

            return counted

        for place, name in (
            ("recordings.durable", "put"),
            ("recordings.durable", "sync"),
            ("recordings.durable", "remove"),
            ("recordings.assembly.job", "file_stream"),
            ("recordings.assembly.job", "end_assembly"),
            ("recordings.assembly.job", "_remove_parts"),
        ):
            module = __import__(place, fromlist=[name])
            setattr(module, name, count(getattr(module, name)))
        try:
            job.assemble(recording)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_part_that_was_changed_is_named_and_set_aside_and_the_rest_is_kept(places: Path) -> None:
    recording = stopped()
    stream = recording.streams.order_by("pk")[0]
    path = path_of(recording.uuid, stream.uuid, 2)
    path.write_bytes(path.read_bytes()[:-7])
    job.assemble(recording.uuid)
    recording.refresh_from_db()
    stream.refresh_from_db()
    assert recording.status == "ready"
    assert stream.report["refused"] == {"2": "changed"}
    assert [gap["why"] for gap in stream.files.get().gaps if not gap["source"]] == ["changed"]
    assert [file.name for file in folder_of(recording.uuid, stream.uuid).iterdir()] == ["00000002.refused"]


def test_tail_that_was_cut_off_is_named(places: Path) -> None:
    recording = stopped()
    stream = recording.streams.order_by("pk")[0]
    path_of(recording.uuid, stream.uuid, stream.last_number).unlink()
    job.assemble(recording.uuid)
    stream.refresh_from_db()
    assert stream.report["missing"] == [[stream.last_number, stream.last_number]]


def test_recording_without_a_part_fails_with_a_plain_reason(places: Path) -> None:
    recording = stopped()
    for path in folder_of(recording.uuid).rglob("*.age"):
        path.unlink()
    job.assemble(recording.uuid)
    recording.refresh_from_db()
    assert (recording.status, recording.problem, recording.percent) == ("failed", "nothing", None)


def test_parts_that_come_late_are_put_in_after_all(places: Path) -> None:
    recording = stopped()
    stream = recording.streams.order_by("pk")[0]
    late = path_of(recording.uuid, stream.uuid, stream.last_number)
    kept = late.read_bytes()
    late.unlink()
    job.assemble(recording.uuid)
    late.parent.mkdir(parents=True)
    late.write_bytes(kept)
    Recording.objects.update(claimed_until=None)
    assert recordings_to_assemble() == [recording.uuid]
    job.assemble(recording.uuid)
    stream.refresh_from_db()
    recording.refresh_from_db()
    assert (stream.report["missing"], stream.files.count(), recording.status) == ([], 2, "ready")
    assert not folder_of(recording.uuid).exists()


def test_parts_without_their_key_are_kept_until_it_is_back(places: Path) -> None:
    recording = stopped()
    keys = places / "keys"
    keys.rename(places / "away")
    job.assemble(recording.uuid)
    recording.refresh_from_db()
    assert (recording.status, recording.problem) == ("failed", "unreadable")
    assert recordings_to_assemble() == []
    (places / "away").rename(keys)
    Recording.objects.update(claimed_until=None)
    assert recordings_to_assemble() == [recording.uuid]
    job.assemble(recording.uuid)
    check_whole(recording, places)


def test_person_erased_meanwhile_is_in_no_file(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = stopped()
    erased = recording.streams.order_by("pk")[0]
    real = share.make_files

    def erasing(*given: Any) -> Any:
        Stream.objects.filter(pk=erased.pk).update(erase_asked_at=now())
        return real(*given)

    monkeypatch.setattr(share, "make_files", erasing)
    job.assemble(recording.uuid)
    assert [file.stream_id != erased.pk for file in MediaFile.objects.all()] == [True]
    assert blocks(places) == expected_blocks()


def test_work_that_breaks_off_again_and_again_is_failed_with_its_parts_kept(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = stopped()
    with monkeypatch.context() as patched:
        patched.setattr(share, "make_files", lambda *given: 1 / 0)
        for _ in range(FAILURES):
            Recording.objects.update(claimed_until=None)
            with pytest.raises(ZeroDivisionError):
                job.assemble(recording.uuid)
    recording.refresh_from_db()
    assert (recording.status, recording.problem) == ("failed", "broken")
    Recording.objects.update(claimed_until=None)
    job.assemble(recording.uuid)
    check_whole(recording, places)


@pytest.mark.parametrize("minutes", [30, -1])
def test_beginning_is_on_our_clock_and_late_parts_find_their_place_on_the_relays(places: Path, minutes: int) -> None:
    recording = stopped()
    by_relay = dt.datetime.fromtimestamp(BEGAN / 1e6, dt.UTC)
    ours = by_relay - timedelta(minutes=minutes)
    Recording.objects.update(began_at=ours + timedelta(seconds=2), clock_offset_ms=-minutes * 60_000)
    stream = recording.streams.order_by("pk")[0]
    late = path_of(recording.uuid, stream.uuid, stream.last_number)
    kept = late.read_bytes()
    late.unlink()
    job.assemble(recording.uuid)
    recording.refresh_from_db()
    assert recording.began_at is not None
    assert abs(recording.began_at - ours) < timedelta(milliseconds=100)
    late.parent.mkdir(parents=True)
    late.write_bytes(kept)
    Recording.objects.update(claimed_until=None)
    job.assemble(recording.uuid)
    assert [round(file.offset_ms, -2) for file in stream.files.order_by("pk")] == [0, 2000]


def test_beginning_that_assembly_took_from_our_clock_is_not_moved_again(places: Path) -> None:
    recording = stopped()
    away = (now().timestamp() * 1e6 - BEGAN) / 1000
    Recording.objects.update(clock_offset_ms=round(away))
    job.assemble(recording.uuid)
    recording.refresh_from_db()
    assert recording.began_at is not None
    assert abs(recording.began_at - recording.requested_at) < timedelta(seconds=5)


def test_open_recording_and_one_whose_relay_still_writes_are_left_alone() -> None:
    recording = stopped()
    Stream.objects.update(closed=False)
    assert recordings_to_assemble() == []
    Recording.objects.update(ended_at=now() - timedelta(minutes=1))
    assert recordings_to_assemble() == [recording.uuid]
    Recording.objects.update(status=RecordingStatus.RECORDING)
    assert recordings_to_assemble() == []
    assert not job.assemble(recording.uuid)
    assert not job.assemble(uuid4())
