"""Putting one recording together from beginning to end, after a claim. Rows are written by services, bytes by a crew.

May be killed at any point. Blocks that no row tells of are removed at the next start; parts are removed only once the
rows of their files are written, and a row's report says which parts are in, so that none is put in twice.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from recordings import durable, keystore
from recordings.assembly.crew import Crew
from recordings.assembly.making import PLAY_WORK, SURVEY_WORK, VERIFY_WORK, Made, report_of
from recordings.assembly.share import Look, Order
from recordings.assembly.survey import Findings, runs
from recordings.lifecycle import Problem
from recordings.models import Recording, Stream
from recordings.parts import REFUSED_SUFFIX, Binding, folder_of, list_parts, path_of
from recordings.sealed import list_files, remove_file
from recordings.selectors.assembly import has_files, known_files, recording_to_assemble, streams_to_assemble
from recordings.services.assembling import (
    Claim,
    ClaimLost,
    StreamErased,
    break_off,
    claim_assembly,
    end_assembly,
    file_stream,
    renew_claim,
)

log = structlog.get_logger(__name__)

TELL_EVERY = 1.0


@dataclass
class Progress:
    """Work done of the work there is; tells of it once a second, which also keeps the claim."""

    claim: Claim
    total: int
    done: int = 0
    told: float = field(default_factory=time.monotonic)

    def step(self, work: int) -> None:
        self.done += work
        if time.monotonic() - self.told >= TELL_EVERY:
            self.tell()

    def tell(self) -> None:
        self.claim = renew_claim(self.claim, min(99, 100 * self.done // max(self.total, 1)))
        self.told = time.monotonic()


@dataclass
class _Work:
    """One stream on its way."""

    stream: Stream
    binding: Binding
    found: Findings


def assemble(recording: UUID) -> bool:
    """Put the recording together, or finish what a killed worker began. False: another worker has it."""
    claim = claim_assembly(recording)
    if claim is None:
        return False
    progress = Progress(claim, 0)
    try:
        _assemble(recording_to_assemble(recording), progress)
    except ClaimLost:
        log.warning("assembly_claim_lost", recording=str(recording))
        return False
    except Exception:
        log.exception("assembly_broke_off", recording=str(recording))
        break_off(progress.claim)
        raise
    return True


def _assemble(recording: Recording, progress: Progress) -> None:
    _remove_unknown_files(recording)
    bound = [found for stream in streams_to_assemble(recording) if (found := _bound(recording, stream))]
    orders = [_order(stream, binding) for stream, binding in bound]
    progress.total = sum(order.parts for order in orders) * (SURVEY_WORK + PLAY_WORK + VERIFY_WORK)
    progress.tell()
    with Crew(orders, int((recording.began_at or recording.requested_at).timestamp() * 1e6), progress.step) as crew:
        looks = crew.look()
        works = [_Work(*one, look.found) for one, look in zip(bound, looks, strict=True)]
        began = _timeline(recording, looks)
        wanted = [number for number, work in enumerate(works) if _is_wanted(work)]
        for number, made in crew.make(wanted, began):
            _file(works[number], made, began, progress)
    progress.tell()
    end_assembly(progress.claim, _problem(recording, works))
    for folder in (*(folder_of(recording.uuid, work.stream.uuid) for work in works), folder_of(recording.uuid)):
        with suppress(OSError):
            folder.rmdir()  # Only where nothing is left in it.


def _bound(recording: Recording, stream: Stream) -> tuple[Stream, Binding] | None:
    clinic = recording.organization.uuid
    try:
        identity, mac = keystore.stream_identity(clinic, stream.uuid), keystore.mac(clinic, recording.uuid)
    except keystore.KeystoreError as error:
        log.error("assembly_without_key", stream=str(stream.uuid), why=type(error).__name__)
        return None
    return stream, Binding(recording.uuid, stream.uuid, mac, identity)


def _order(stream: Stream, binding: Binding) -> Order:
    _remove_filed(stream)
    filed, numbers = _filed(stream), list_parts(binding.recording, binding.stream).numbers
    # What was filed before has said what was missing then; of late parts only they themselves are looked at.
    first, last = (numbers[0] if numbers else 1, 0) if filed else (1, stream.last_number)
    return Order(binding, len(numbers), first, last)


def _timeline(recording: Recording, looks: list[Look]) -> float:
    """Where the recording's timeline begins, Unix µs by its relay: once files stand on it, where it began for them."""
    if has_files(recording) and recording.began_at is not None:
        return recording.began_at.timestamp() * 1e6 - 1000 * (recording.clock_offset_ms or 0)
    return min((look.began for look in looks if look.began is not None), default=0.0)


def _is_wanted(work: _Work) -> bool:
    return bool(work.found.good or work.found.refused or work.found.unfinished) or not work.stream.report


def _file(work: _Work, made: Made, began: float, progress: Progress) -> None:
    """The rows of files that were made, then the parts go."""
    try:
        progress.tell()
        file_stream(
            progress.claim,
            stream=work.stream.uuid,
            files=made.files,
            report=_merged(work.stream.report, work.found, made),
            began=began,
        )
    except BaseException as error:
        for file in made.files:
            remove_file(file.sealed.recording, file.sealed.file)
        if isinstance(error, StreamErased):
            return
        raise
    _remove_parts(work, made)


def _merged(before: dict[str, Any], found: Findings, made: Made) -> dict[str, Any]:
    """The report with what was filed earlier: numbers that came late are missing no more."""
    report = report_of(found, made)
    here = set(found.good) - set(made.spoilt)
    report["filed"] = [list(span) for span in runs(sorted(here | _numbers(before.get("filed", []))))]
    if before:
        missing = _numbers(before.get("missing", [])) | _numbers(report["missing"])
        report["missing"] = [list(span) for span in runs(sorted(missing - here - found.refused.keys()))]
        report["refused"] = {**before.get("refused", {}), **report["refused"]}
        for name in ("parts", "unfinished", "lost_packets", "lost_frames"):
            report[name] += before.get(name, 0)
    return report


def _numbers(spans: list[list[int]]) -> set[int]:
    return {number for first, last in spans for number in range(first, last + 1)}


def _filed(stream: Stream) -> set[int]:
    return _numbers(stream.report.get("filed", []))


def _remove_filed(stream: Stream) -> None:
    """A worker was killed after its rows and before its parts went."""
    filed = _filed(stream)
    numbers = list_parts(stream.recording.uuid, stream.uuid).numbers if filed else ()
    durable.remove(*(path_of(stream.recording.uuid, stream.uuid, number) for number in numbers if number in filed))


def _remove_parts(work: _Work, made: Made) -> None:
    """What is in the files goes; what was refused is set aside, for whoever asks why, until the recording is erased."""
    where = (work.binding.recording, work.binding.stream)
    refused = set(work.found.refused) | set(made.spoilt)
    for number in sorted(refused):
        path = path_of(*where, number)
        with suppress(FileNotFoundError):
            path.rename(path.with_suffix(REFUSED_SUFFIX))
    durable.remove(*(path_of(*where, number) for number in work.found.good if number not in refused))
    durable.remove(*(folder_of(*where) / name for name in list_parts(*where).unfinished))


def _remove_unknown_files(recording: Recording) -> None:
    known = known_files(recording)
    for file in list_files(recording.uuid):
        if file not in known:
            remove_file(recording.uuid, UUID(file))


def _problem(recording: Recording, works: list[_Work]) -> Problem:
    """Why there is nothing to play, if there is nothing."""
    parts = any(work.found.good or work.found.refused for work in works)
    locked = any(list_parts(recording.uuid, stream.uuid).numbers for stream in streams_to_assemble(recording))
    return Problem.UNREADABLE if parts or locked else Problem.NOTHING
