"""Whoever can write to the recordings' folder, and knows every public half, changes nothing unseen."""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace

import pyrage
import pytest

from recordings.parts import Binding, PartError, open_part
from tests.recording.film import Film, film
from tests.recording.parts import Part, Stream, opened, part_of

FLIPS = 100
PARTS = 4
MAC = bytes(range(32))
OTHER_MAC = bytes(range(1, 33))
BEGAN = 1_700_000_000_000_000


class Person:
    """Somebody recorded, with both halves of their key."""

    def __init__(self, shown: Film, recording: uuid.UUID, mac: bytes = MAC) -> None:
        self.identity = pyrage.x25519.Identity.generate()
        self.recipient = str(self.identity.to_public())
        stream = Stream(self.recipient)
        self.binding = Binding(recording, uuid.UUID(stream.uuid), mac, self.identity)
        self.parts = [part_of(str(recording), stream, shown, second, BEGAN, "ab12") for second in range(PARTS)]
        self.sealed = [part.sealed(mac, self.recipient) for part in self.parts]

    def reads(self, sealed: bytes, number: int) -> None:
        open_part(sealed, self.binding, number)


@pytest.fixture(scope="module")
def shown() -> Film:
    return film(1, 320, 180, 300)


@pytest.fixture(scope="module")
def recording() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture(scope="module")
def person(shown: Film, recording: uuid.UUID) -> Person:
    return Person(shown, recording)


def _refused(person: Person, sealed: bytes, number: int) -> str:
    with pytest.raises(PartError) as refusal:
        person.reads(sealed, number)
    return refusal.value.code


def test_part_of_another_hand_is_read_as_it_was_written(person: Person) -> None:
    for number, sealed in enumerate(person.sealed, 1):
        part = open_part(sealed, person.binding, number)
        written = opened(sealed, person.identity, MAC)
        found = [
            (track.ssrc, kind, at - part.began, part.body[start:end]) for track, kind, at, start, end in part.records()
        ]
        ssrcs = {track["track"]: track["ssrc"] for track in written.header["tracks"]}
        assert found == [(ssrcs[each.track], each.kind, each.after_us, each.data) for each in written.records]


def test_part_with_any_bit_flipped_is_refused(person: Person) -> None:
    chance = random.Random(5)
    for _ in range(FLIPS):
        number = chance.randrange(PARTS)
        changed = bytearray(person.sealed[number])
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        assert _refused(person, bytes(changed), number + 1) in {"changed", "malformed"}


def test_part_that_was_cut_or_grew_is_refused(person: Person) -> None:
    chance = random.Random(6)
    whole = person.sealed[0]
    for length in [0, 1, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(FLIPS))]:
        _refused(person, whole[:length], 1)
    _refused(person, whole + b"\0", 1)
    _refused(person, whole + person.sealed[1], 1)


def test_part_under_another_number_is_refused(person: Person) -> None:
    for number, sealed in enumerate(person.sealed, 1):
        for other in {*range(PARTS + 2)} - {number}:
            assert _refused(person, sealed, other) == "swapped"


def test_part_of_another_person_or_recording_is_refused(person: Person, shown: Film, recording: uuid.UUID) -> None:
    neighbour, elsewhere = Person(shown, recording), Person(shown, uuid.uuid4(), OTHER_MAC)
    for other in (neighbour, elsewhere):
        for number, sealed in enumerate(other.sealed, 1):
            assert _refused(person, sealed, number) == "changed"
    # Sealed once more for this person, which needs no secret: the MAC, or what it covers, says where it belongs.
    for other in (neighbour, elsewhere):
        plain = pyrage.decrypt(other.sealed[0], [other.identity])
        moved = pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(person.recipient)])
        assert _refused(person, moved, 1) == "foreign"


@pytest.mark.parametrize(
    "forge",
    [
        lambda part: replace(part, records=part.records[:-1]),
        lambda part: replace(part, records=part.records[1:]),
        lambda part: replace(part, header={**part.header, "number": 2}),
        lambda part: replace(part, header={**part.header, "began": part.header["began"] + 1}),
        lambda part: replace(part, header={**part.header, "gaps": []}, records=()),
    ],
    ids=["last packet gone", "first packet gone", "another number", "another time", "emptied"],
)
def test_part_forged_without_the_recordings_mac_key_is_refused(person: Person, forge: Callable[[Part], Part]) -> None:
    forged = forge(person.parts[0])
    assert _refused(person, forged.sealed(OTHER_MAC, person.recipient), forged.header["number"]) == "foreign"
    # With the MAC of the part that was there.
    old = person.parts[0].plain(MAC)[-32:]
    kept = pyrage.encrypt(forged.plain(MAC)[:-32] + old, [pyrage.x25519.Recipient.from_str(person.recipient)])
    assert _refused(person, kept, forged.header["number"]) == "foreign"
