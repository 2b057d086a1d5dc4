"""One stream from parts to sealed, verified files. Knows no row of the database; what it made and missed it returns."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from core.ids import new_uuid
from recordings.assembly.film import play
from recordings.assembly.gaps import gaps_of
from recordings.assembly.survey import Findings, Survey, TrackSurvey
from recordings.assembly.webm import Webm, verify
from recordings.parts import Binding
from recordings.sealed import SealedFile, SealedReader, SealedWriter

Kind = Literal["person", "screen"]
SOURCES: dict[Kind, tuple[str, ...]] = {"person": ("audio", "camera"), "screen": ("screen",)}
# Work per part of a stream, for the progress that people see.
SURVEY_WORK, PLAY_WORK, VERIFY_WORK = 2, 4, 1


@dataclass(frozen=True)
class MadeFile:
    """A file that was sealed, settled and read back."""

    kind: Kind
    sealed: SealedFile
    duration_ms: int
    offset_ms: int
    size: tuple[int, int] | None
    gaps: list[dict[str, str | int]]


@dataclass
class Made:
    """What became of a stream's parts. `spoilt`: parts that were not as before when they were read again."""

    files: list[MadeFile] = field(default_factory=list)
    lost_packets: int = 0
    lost_frames: int = 0
    spoilt: list[int] = field(default_factory=list)


def new_names() -> dict[Kind, UUID]:
    """Under which name each kind of file is to be sealed."""
    return {kind: new_uuid() for kind in SOURCES}


def report_of(found: Findings, made: Made) -> dict[str, Any]:
    """What a recording's report keeps of a stream once its parts are gone."""
    return {
        "parts": len(found.good) - len(made.spoilt),
        "missing": [list(span) for span in found.missing],
        "refused": {str(number): code for number, code in found.refused.items()}
        | {str(number): "changed" for number in made.spoilt},
        "unfinished": found.unfinished,
        "foreign_files": found.strangers,
        "lost_packets": made.lost_packets,
        "lost_frames": made.lost_frames,
    }


def make_files(
    binding: Binding,
    survey: Survey,
    zero: float,
    tell: Callable[[int], None],
    names: Mapping[Kind, UUID] | None = None,
) -> Made:
    """Make a file per kind that has anything to show. `zero`: the timeline's start, Unix µs. `tell` hears of work done.

    Whatever goes wrong, no block of an unfinished file stays; of a process that is killed, `names` tell what to remove.
    """
    made, names = Made(), names or new_names()
    with ExitStack() as undo:
        files = {kind: it for kind in SOURCES if (it := _open(binding, survey, kind, names[kind], undo)) is not None}
        by_source = {source: files[kind][1] for kind in files for source in SOURCES[kind]}
        if by_source:
            made.lost_packets, made.lost_frames, made.spoilt = play(binding, survey, by_source, lambda: tell(PLAY_WORK))
        for kind, (out, webm) in files.items():
            webm.close()
            if not webm.packets:
                out.abandon()
                continue
            out.close()
            verify(SealedReader(out.as_sealed(), binding.identity), webm.tracks)
            made.files.append(_described(kind, out, webm, survey, zero))
        tell(VERIFY_WORK * len(survey.good))
        undo.pop_all()
    return made


def _tracks(survey: Survey, kind: Kind) -> list[TrackSurvey]:
    return [track for track in survey.tracks.values() if track.source in SOURCES[kind] and track.has_media]


def _open(
    binding: Binding, survey: Survey, kind: Kind, name: UUID, undo: ExitStack
) -> tuple[SealedWriter, Webm] | None:
    tracks = _tracks(survey, kind)
    if not tracks:
        return None
    out = SealedWriter(recording=binding.recording, file=name, identity=binding.identity)
    undo.callback(out.abandon)
    sizes = [(track.width, track.height) for track in tracks if track.width]
    has_sound = any(track.source == "audio" for track in tracks)
    begins = min(track.began for track in tracks)
    size = max(sizes, key=lambda size: size[0] * size[1], default=None)
    webm = Webm(out, begins, has_sound=has_sound, size=size)
    undo.callback(webm.give_up)
    return out, webm


def _described(kind: Kind, out: SealedWriter, webm: Webm, survey: Survey, zero: float) -> MadeFile:
    ends = webm.zero + webm.duration_ms * 1000
    return MadeFile(
        kind=kind,
        sealed=out.as_sealed(),
        duration_ms=webm.duration_ms,
        offset_ms=max(0, round((webm.zero - zero) / 1000)),
        size=webm.size,
        gaps=gaps_of(survey.gaps, webm.holes, zero, ends),
    )
