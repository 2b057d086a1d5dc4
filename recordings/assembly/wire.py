"""How the results of an assembly stand in the lines of JSON that a child (__main__.py) tells its parent (crew.py)."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from recordings.assembly.making import Made, MadeFile
from recordings.assembly.share import Look
from recordings.assembly.survey import Findings
from recordings.sealed import SealedFile


def of_look(look: Look) -> dict[str, Any]:
    return asdict(look)


def to_look(said: dict[str, Any]) -> Look:
    found = said["found"]
    found["refused"] = {int(number): code for number, code in found["refused"].items()}
    found["missing"] = [tuple(span) for span in found["missing"]]
    return Look(Findings(**found), said["began"], tuple(said["moves"]))


def of_made(made: Made) -> dict[str, Any]:
    return asdict(made)


def to_made(said: dict[str, Any]) -> Made:
    return Made(**{**said, "files": [_to_file(file) for file in said["files"]]})


def _to_file(said: dict[str, Any]) -> MadeFile:
    sealed = said["sealed"]
    ids = {name: UUID(sealed[name]) for name in ("recording", "file")}
    size = tuple(said["size"]) if said["size"] else None
    return MadeFile(**{**said, "sealed": SealedFile(**{**sealed, **ids}), "size": size})
