"""What higher rooms tell about what messages are about, and about the clinic's types of visit. They register here."""

import uuid as uuids
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from accounts.actors import Actor


@dataclass(frozen=True)
class Subject:
    """What a message is about, as staff read it, and its page."""

    words: str
    address: str


@dataclass(frozen=True)
class VisitTypeName:
    """A type of visit that may have a plan of its own."""

    uuid: uuids.UUID
    name: str


# Of these ids the ones that the room knows and the actor may see.
SubjectReader = Callable[[Actor, Collection[uuids.UUID]], Mapping[uuids.UUID, Subject]]
VisitTypeReader = Callable[[Actor], list[VisitTypeName]]

_subjects: list[SubjectReader] = []
_visit_types: list[VisitTypeReader] = []


def tells_subjects(reader: SubjectReader) -> None:
    """Ask `reader` what ids are; several rooms may know some each."""
    if reader not in _subjects:
        _subjects.append(reader)


def tells_visit_types(reader: VisitTypeReader) -> None:
    if reader not in _visit_types:
        _visit_types.append(reader)


def subjects_of(actor: Actor, abouts: Collection[uuids.UUID]) -> dict[uuids.UUID, Subject]:
    """What these are, for who may see it; the rest is left out."""
    wanted = set(abouts)
    return {about: found for reader in _subjects for about, found in reader(actor, wanted).items()} if wanted else {}


def visit_types_of(actor: Actor) -> list[VisitTypeName]:
    return [one for reader in _visit_types for one in reader(actor)]
