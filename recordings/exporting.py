"""The parent of the mixing process: opens what it reads, seals what it writes, ends it when nobody wants the film."""

import contextlib
import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from recordings import keystore
from recordings.mixing import wire
from recordings.models import Export, MediaFile
from recordings.sealed import SealedReader, SealedWriter, SealError
from recordings.selectors.playback import duration_ms, gaps_of, playable_files, sealed_of
from recordings.services import exports
from recordings.services.erasing import remove_sealed

log = structlog.get_logger(__name__)

ROOT = Path(__file__).resolve().parent.parent
# A hole shorter than this shows the last picture, as the call did.
PICTURE_LEFT_AFTER_MS = 1000
FOREVER_MS = 10**12
TELL_EVERY = dt.timedelta(seconds=1)
GOODBYE_SECONDS = 1.0


class Cancelled(Exception):  # noqa: N818
    """Nobody wants the film any more."""


class MixingFailed(Exception):  # noqa: N818
    """The process ended without a film; the message is a code."""


class Readable(Protocol):
    """One of the files that are mixed."""

    @property
    def size(self) -> int: ...
    def read(self, start: int, length: int) -> bytes: ...


class Writable(Protocol):
    """Where the film goes."""

    def write(self, data: bytes) -> int: ...
    def seek(self, offset: int) -> int: ...


@dataclass(frozen=True)
class Part:
    """One file of the film: its bytes and its place on the timeline."""

    reader: Readable
    kind: str
    offset_ms: int
    absences: Sequence[tuple[int, int]]


def make_exports() -> int:
    """Make every film that waits, one after the other. Returns how many were begun."""
    begun = 0
    while (export := exports.claim_export()) is not None:
        begun += 1
        make_export(export)
    return begun


def make_export(export: Export) -> None:
    """Make one claimed film; whatever happens, its row says how it ended."""
    recording = export.recording
    remove_sealed(recording, export.uuid)
    try:
        identity = keystore.stream_identity(recording.organization.uuid, export.uuid)
    except (keystore.KeystoreError, OSError) as error:
        exports.fail_export(export, why=type(error).__name__)
        return
    writer = SealedWriter(recording=recording.uuid, file=export.uuid, identity=identity)
    try:
        files = playable_files(recording)
        length = duration_ms(files)
        refused = mix(
            kind=export.kind,
            duration_ms=length,
            parts=[_part(media) for media in files],
            output=writer,
            goes_on=lambda done: exports.go_on(export, min(99, done * 100 // max(1, length))),
        )
        writer.close()
    except Cancelled:
        writer.abandon()
    except (MixingFailed, SealError, keystore.KeystoreError, OSError) as error:
        log.warning("export_failed", export=str(export.uuid), error=type(error).__name__)
        writer.abandon()
        exports.fail_export(export, why=str(error) if isinstance(error, MixingFailed) else type(error).__name__)
    else:
        if not exports.finish_export(export, size=writer.size, blocks=writer.blocks, refused=refused):
            writer.abandon()


def mix(*, kind: str, duration_ms: int, parts: Sequence[Part], output: Writable, goes_on: Callable[[int], bool]) -> int:
    """Run the process to its end. Returns how many frames it refused; raises Cancelled or MixingFailed.

    `goes_on` hears at most once a second how many ms are done, and says whether to go on.
    """
    if not parts:
        raise MixingFailed("nothing")
    sources = [
        {"size": part.reader.size, "kind": part.kind, "offset_ms": part.offset_ms, "absences": list(part.absences)}
        for part in parts
    ]
    process = _start()
    try:
        assert process.stdin
        wire.send_json(process.stdin, wire.JOB, {"kind": kind, "duration_ms": duration_ms, "sources": sources})
        return _serve(process, parts, output, goes_on)
    except (wire.BrokenWire, BrokenPipeError):
        raise MixingFailed(f"ended:{_ended(process)}") from None
    finally:
        _end(process)


def _start() -> subprocess.Popen[bytes]:
    """Nothing of our environment goes along: no secret, no address of a database."""
    return subprocess.Popen(
        [sys.executable, "-m", "recordings.mixing"],
        cwd=ROOT,
        env={"PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "2"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=True,
    )


def _serve(
    process: subprocess.Popen[bytes], parts: Sequence[Part], output: Writable, goes_on: Callable[[int], bool]
) -> int:
    assert process.stdin
    assert process.stdout
    told = time.monotonic()
    while True:
        kind, payload = wire.receive(process.stdout)
        if kind == wire.READ:
            number, start, length = wire.parse_read(payload)
            if number >= len(parts):
                raise wire.BrokenWire
            wire.send(process.stdin, wire.BYTES, parts[number].reader.read(start, length))
        elif kind == wire.WRITE:
            at, piece = wire.parse_write(payload)
            output.seek(at)
            output.write(piece)
        elif kind == wire.DONE:
            return wire.parse_count(payload, "refused")
        elif kind == wire.FAILED:
            raise MixingFailed(payload.decode(errors="replace")[:40])
        elif kind == wire.PROGRESS and time.monotonic() - told >= TELL_EVERY.total_seconds():
            told = time.monotonic()
            if not goes_on(wire.parse_count(payload)):
                raise Cancelled


def _ended(process: subprocess.Popen[bytes]) -> int:
    """How it ended; one that talks nonsense and stays is ended."""
    try:
        return process.wait(GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever it does, it is gone when this returns."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


def _part(media: MediaFile) -> Part:
    recording = media.stream.recording
    identity = keystore.stream_identity(recording.organization.uuid, media.stream.uuid)
    holes = [
        (gap["from"], gap["to"])
        for gap in gaps_of(media)
        if gap["source"] != "audio" and gap["to"] - gap["from"] >= PICTURE_LEFT_AFTER_MS
    ]
    after = (media.offset_ms + media.duration_ms, FOREVER_MS)
    return Part(SealedReader(sealed_of(media), identity), media.kind, media.offset_ms, [*holes, after])
