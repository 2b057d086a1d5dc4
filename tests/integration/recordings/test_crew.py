"""Putting a recording together in several processes: the same files, and no process or block left, however it ends."""

import os
import select
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from core.clock import now
from recordings.assembly import crew, job
from recordings.models import MediaFile, Recording
from recordings.parts import path_of
from tests.stopped import blocks, check_whole, expected_blocks, places, stopped

__all__ = ["places"]

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def children(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Of recordings however short, on machines however small; every process that was started."""
    started: list[Any] = []

    class Counted(crew._Child):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            started.append(self)

    monkeypatch.setattr(crew, "WORTH_CHILDREN", 1)
    monkeypatch.setattr(crew, "_cores", lambda: 2)
    monkeypatch.setattr(crew, "_Child", Counted)
    return started


def are_gone(children: list[Any]) -> bool:
    return [child._process.poll() is not None for child in children] == [True, True]


def test_streams_side_by_side_become_the_same_files_and_progress_is_told(
    places: Path, children: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    real = job.renew_claim
    monkeypatch.setattr(job, "TELL_EVERY", 0)
    monkeypatch.setattr(job, "renew_claim", lambda claim, percent: (told.append(percent), real(claim, percent))[1])
    recording = stopped()
    assert job.assemble(recording.uuid)
    check_whole(recording, places)
    assert [file.offset_ms for file in MediaFile.objects.order_by("stream")] == [0, 1000]
    assert (told[0], told[-1], told) == (0, 99, sorted(told))
    assert are_gone(children)


def test_changed_part_is_named_by_a_child_too(places: Path, children: list[Any]) -> None:
    recording = stopped()
    stream = recording.streams.order_by("pk")[1]
    path = path_of(recording.uuid, stream.uuid, 2)
    path.write_bytes(path.read_bytes()[:-7])
    job.assemble(recording.uuid)
    stream.refresh_from_db()
    assert (stream.report["refused"], stream.report["filed"]) == ({"2": "changed"}, [[1, 1], [3, 3]])
    assert [gap["why"] for gap in stream.files.get().gaps if not gap["source"]] == ["changed"]
    assert path.with_suffix(".refused").exists()
    assert are_gone(children)


def test_claim_lost_while_children_write_leaves_no_process_and_no_block(
    places: Path, children: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = stopped()
    real = crew.Crew.make

    def lose(self: crew.Crew, *given: Any) -> Any:
        Recording.objects.update(claimed_until=now() + timedelta(minutes=5))  # Somebody else's.
        return real(self, *given)

    monkeypatch.setattr(job, "TELL_EVERY", 0)
    monkeypatch.setattr(crew.Crew, "make", lose)
    assert not job.assemble(recording.uuid)
    assert are_gone(children)
    assert (MediaFile.objects.count(), blocks(places)) == (0, set())


@pytest.mark.parametrize("noticed", ["before it is asked", "when it does not answer"])
def test_child_that_is_killed_costs_one_failure_and_the_next_worker_finishes(
    places: Path, children: list[Any], monkeypatch: pytest.MonkeyPatch, noticed: str
) -> None:
    recording = stopped()
    real = crew.Crew.make

    def kill(self: crew.Crew, *given: Any) -> Any:
        children[0]._process.kill()
        if noticed == "before it is asked":
            children[0]._process.wait()
        return real(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(crew.Crew, "make", kill)
        with pytest.raises(crew.ChildFailed):
            job.assemble(recording.uuid)
    recording.refresh_from_db()
    assert (recording.failures, recording.status) == (1, "finishing")
    assert are_gone(children)
    assert blocks(places) == expected_blocks()
    Recording.objects.update(claimed_until=None)
    assert job.assemble(recording.uuid)
    check_whole(recording, places)


@pytest.mark.django_db(transaction=True)
def test_worker_that_is_killed_takes_its_children_with_it(places: Path) -> None:
    recording = stopped()
    watched = [os.pidfd_open(pid) for pid in killed_in_its_work(recording.uuid)]
    try:
        assert len(watched) == 2
        for descriptor in watched:
            assert select.select([descriptor], [], [], 10)[0], "a child outlives its parent"
    finally:
        for descriptor in watched:
            os.close(descriptor)
    Recording.objects.update(claimed_until=None)
    assert job.assemble(recording.uuid)
    check_whole(recording, places)


def killed_in_its_work(recording: UUID) -> list[int]:
    """The ids of the children of a worker that was killed when they had begun to make files."""
    connections.close_all()
    hear, tell = os.pipe()
    worker = os.fork()
    if worker == 0:
        real = crew.Crew.make

        def die(self: crew.Crew, *given: Any) -> Any:
            os.write(tell, b" ".join(b"%d" % child._process.pid for child in self._children))
            for _ in real(self, *given):
                os.kill(os.getpid(), signal.SIGKILL)

        crew.Crew.make = die  # type: ignore[method-assign]
        try:
            job.assemble(recording)
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(hear, "rb") as said:
        pids = [int(pid) for pid in said.read().split()]
    os.waitpid(worker, 0)
    return pids
