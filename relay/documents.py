"""Reading control-link messages into types. Pure; one table row per message type."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyrage import RecipientError, x25519

from relay.errors import MessageError
from relay.limits import LONGEST_LEASE_SECONDS, MAX_RECORDED, MAX_ROOMS, MAX_SEATS, MAX_STILL_BYTES
from relay.sources import ALL

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MAX_VERSION = 1 << 53
_MAX_STILL_CHARACTERS = (MAX_STILL_BYTES + 2) // 3 * 4
_JPEG = b"\xff\xd8\xff"
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class SeatWish:
    """One seat as it should be: in the call (else it waits); what it may send; whether it is told the figures."""

    active: bool
    may: frozenset[str]
    figures: bool


@dataclass(frozen=True, slots=True)
class PersonWish:
    """One person whose media is to be written: under which stream, and who alone can open it."""

    stream: str
    recipient: str  # an age recipient (X25519), checked


@dataclass(frozen=True, slots=True)
class RecordingWish:
    """Whose media of a room is to be written, by seat, and for how many seconds without being told again."""

    recording: str
    mac: bytes = field(repr=False)
    lease: float
    people: dict[str, PersonWish]


@dataclass(frozen=True, slots=True)
class RoomDocument:
    """What the web wants one room to be."""

    room: str
    version: int
    closed: bool
    seats: dict[str, SeatWish]
    recording: RecordingWish | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """Documents that could be read, and what was wrong with the others.

    `beat`: the newest word of this relay's clock (in ms) that the web had heard before it asked its records for them.
    """

    documents: tuple[RoomDocument, ...]
    refused: tuple[MessageError, ...] = ()
    beat: int | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Which connection of which seat a message is about."""

    room: str
    seat: str
    connection: str


@dataclass(frozen=True, slots=True)
class Connect:
    at: Address


@dataclass(frozen=True, slots=True)
class AnswerText:
    at: Address
    offer: int
    sdp: str


@dataclass(frozen=True, slots=True)
class RestartIce:
    at: Address


@dataclass(frozen=True, slots=True)
class Repeat:
    at: Address


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of the seat's camera for those whose line carries no video. Passed on, never kept."""

    at: Address
    jpeg: str  # base64, checked


@dataclass(frozen=True, slots=True)
class Nowhere:
    """To a relay that drains: this web process knows no other relay that takes rooms."""


Message = Rooms | Connect | AnswerText | RestartIce | Repeat | Still | Nowhere


def parse_line(line: bytes) -> Message:
    """One line of the control link, or MessageError."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MessageError("The line is not JSON.") from error
    if not isinstance(raw, dict):
        raise MessageError("The line is not an object.")
    kind = raw.get("type")
    parser = _PARSERS.get(kind) if isinstance(kind, str) else None
    if parser is None:
        raise MessageError("The message type is not known.", "unknown_type")
    return parser(raw)


def _rooms(raw: dict[str, Any]) -> Rooms:
    documents = raw.get("documents")
    if not isinstance(documents, list) or len(documents) > MAX_ROOMS:
        raise MessageError(f"`documents` must be a list of at most {MAX_ROOMS}.")
    good: list[RoomDocument] = []
    bad: list[MessageError] = []
    for entry in documents:
        try:
            good.append(_document(entry))
        except MessageError as error:  # one bad document must not cost the other rooms theirs
            bad.append(error)
    beat = None if raw.get("beat") is None else _number(raw, "beat")
    return Rooms(tuple(good), tuple(bad), beat)


def _document(raw: object) -> RoomDocument:
    if not isinstance(raw, dict):
        raise MessageError("A document must be an object.")
    closed = raw.get("closed", False)
    seats = raw.get("seats", [])
    if not isinstance(closed, bool) or not isinstance(seats, list) or len(seats) > MAX_SEATS:
        raise MessageError("A document's `closed` or `seats` is not valid.")
    wanted = dict(map(_seat, seats))
    if "recording" not in raw:
        raise MessageError("A document must say what is recorded, or null.")
    recording = None if raw["recording"] is None else _recording(raw["recording"])
    return RoomDocument(_uuid(raw, "room"), _number(raw, "version"), closed, wanted, recording)


def _seat(raw: object) -> tuple[str, SeatWish]:
    if not isinstance(raw, dict):
        raise MessageError("A seat must be an object.")
    active, figures, may = raw.get("active"), raw.get("figures"), raw.get("may")
    if not isinstance(active, bool) or not isinstance(figures, bool):
        raise MessageError("A seat must say whether it is active and whether it gets figures.")
    if (
        not isinstance(may, list)
        or len(may) > len(ALL)
        or not all(isinstance(name, str) and name in ALL for name in may)
    ):
        raise MessageError("A seat must list what it may send.")
    return _uuid(raw, "seat"), SeatWish(active, frozenset(may), figures)


def _recording(raw: object) -> RecordingWish:
    if not isinstance(raw, dict):
        raise MessageError("`recording` must be an object or null.")
    lease, people = raw.get("lease"), raw.get("people")
    if isinstance(lease, bool) or not isinstance(lease, int | float) or not 0 < lease <= LONGEST_LEASE_SECONDS:
        raise MessageError(f"`lease` must be a number of seconds, at most {LONGEST_LEASE_SECONDS}.")
    if not isinstance(people, dict) or len(people) > MAX_RECORDED:
        raise MessageError(f"`people` must be an object of at most {MAX_RECORDED}.")
    wanted = {_uuid({"seat": seat}, "seat"): _person(person) for seat, person in people.items()}
    if len({person.stream for person in wanted.values()}) != len(wanted):
        raise MessageError("Two people cannot share a stream.")
    return RecordingWish(_uuid(raw, "recording"), _mac(raw), float(lease), wanted)


def _person(raw: object) -> PersonWish:
    if not isinstance(raw, dict):
        raise MessageError("A person to record must be an object.")
    recipient = raw.get("recipient")
    if not isinstance(recipient, str) or not _RECIPIENT.fullmatch(recipient):
        raise MessageError("`recipient` must be an age recipient.")
    try:
        x25519.Recipient.from_str(recipient)
    except RecipientError as error:
        raise MessageError("`recipient` must be an age recipient.") from error
    return PersonWish(_uuid(raw, "stream"), recipient)


def _mac(raw: dict[str, Any]) -> bytes:
    mac = raw.get("mac")
    try:
        key = base64.b64decode(mac, validate=True) if isinstance(mac, str) and len(mac) < 2 * _MAC_BYTES else b""
    except ValueError as error:
        raise MessageError("`mac` is not base64.") from error
    if len(key) != _MAC_BYTES:
        raise MessageError(f"`mac` must be {_MAC_BYTES} bytes in base64.")
    return key


def _address(raw: dict[str, Any]) -> Address:
    return Address(_uuid(raw, "room"), _uuid(raw, "seat"), _uuid(raw, "connection"))


def _answer(raw: dict[str, Any]) -> AnswerText:
    sdp = raw.get("sdp")
    if not isinstance(sdp, str):
        raise MessageError("`sdp` must be text.")
    return AnswerText(_address(raw), _number(raw, "offer"), sdp)


def _still(raw: dict[str, Any]) -> Still:
    jpeg = raw.get("jpeg")
    if not isinstance(jpeg, str) or len(jpeg) > _MAX_STILL_CHARACTERS:
        raise MessageError("`jpeg` must be text, and not too long.")
    try:
        picture = base64.b64decode(jpeg, validate=True)
    except ValueError as error:
        raise MessageError("`jpeg` is not base64.") from error
    if len(picture) > MAX_STILL_BYTES or not picture.startswith(_JPEG):
        raise MessageError("`jpeg` is not a JPEG, or too large.")
    return Still(_address(raw), jpeg)


def _uuid(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise MessageError(f"`{name}` must be a UUID in lower case.")
    return value


def _number(raw: dict[str, Any], name: str) -> int:
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MAX_VERSION:
        raise MessageError(f"`{name}` must be a whole number.")
    return value


_PARSERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "rooms": _rooms,
    "connect": lambda raw: Connect(_address(raw)),
    "answer": _answer,
    "restart-ice": lambda raw: RestartIce(_address(raw)),
    "still": _still,
    "repeat": lambda raw: Repeat(_address(raw)),
    "nowhere": lambda raw: Nowhere(),
}
