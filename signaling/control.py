"""The words of the control link (docs/relay.md): lines to a relay, typed messages from it. I/O is in relay_link.py."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL = 4
MAX_LINE = 256 * 1024
MAX_DOCUMENTS = 500


RungName = Literal["full", "low-rate", "stills", "audio"]


class _FromRelay(BaseModel):
    """A relay may be newer than we are: fields we do not know are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _OfSeat(_FromRelay):
    room: UUID
    seat: UUID
    connection: UUID


class RelayHello(_FromRelay):
    type: Literal["hello"]
    protocol: int
    relay: str
    beat: int = 0  # of another protocol, which is refused, it may be missing


class RelayOffer(_OfSeat):
    type: Literal["offer"]
    offer: int
    sdp: str
    up: dict[str, str]
    down: list[dict[str, str]]


class RelaySeat(_OfSeat):
    type: Literal["seat"]
    state: Literal["connected", "away", "closed"]


class RelayRung(_OfSeat):
    """On which rung of the ladder the seat `about` receives."""

    type: Literal["rung"]
    about: UUID
    rung: RungName
    why: Literal["loss", "bandwidth", "recovered"]


class RelayStills(_OfSeat):
    """Whether somebody gets this seat's camera as stills."""

    type: Literal["stills"]
    wanted: bool


class RelayStill(_OfSeat):
    """One picture of the seat `sender`: it goes straight to this seat's socket and is kept nowhere."""

    type: Literal["still"]
    sender: UUID = Field(validation_alias="from")
    jpeg: str


class SeatFigures(_FromRelay):
    seat: UUID
    up_kbps: float | None = None
    up_loss_pct: float | None = None
    down_kbps: float | None = None
    down_loss_pct: float | None = None
    rtt_ms: float | None = None
    rung: RungName | None = None


class RelayFigures(_OfSeat):
    type: Literal["figures"]
    seats: list[SeatFigures]


class RelayError(_FromRelay):
    """About a connection, or, where those fields are missing, about a line of ours."""

    type: Literal["error"]
    room: UUID | None = None
    seat: UUID | None = None
    connection: UUID | None = None
    code: str
    message: str = ""


class RelayDraining(_FromRelay):
    """The relay ends when its rooms have moved away, or in so many seconds; it takes no new room."""

    type: Literal["draining"]
    seconds: float = 20.0


class RecordedPerson(_FromRelay):
    """What of one stream is on disk: the number of its last part, the bytes of this relay process, when (Unix µs)."""

    stream: UUID
    number: int
    bytes: int
    synced: int
    ended: bool


class RelayRecorded(_FromRelay):
    """How the recording of a room fares at this relay."""

    type: Literal["recorded"]
    room: UUID
    recording: UUID
    state: Literal["recording", "waiting", "lapsed", "full", "failing", "unavailable"]
    free: int
    people: list[RecordedPerson]


class RelayBeat(_FromRelay):
    """A word of the relay's clock, meaning nothing here: it goes back with the next look at the rooms."""

    type: Literal["beat"]
    beat: int


class RelayReport(_FromRelay):
    type: Literal["report"]
    rooms: dict[UUID, int]
    load: dict[str, float] = {}


FromRelay = RelayOffer | RelaySeat | RelayRung | RelayStills | RelayStill | RelayFigures | RelayError
AnyFromRelay = Annotated[
    RelayHello | RelayBeat | RelayReport | RelayDraining | RelayRecorded | FromRelay, Field(discriminator="type")
]
_adapter: TypeAdapter[AnyFromRelay] = TypeAdapter(AnyFromRelay)


def parse(line: bytes) -> AnyFromRelay:
    """Raises ValueError for what no relay of this protocol says."""
    return _adapter.validate_json(line)


def line(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}, separators=(",", ":"), default=str).encode() + b"\n"


def room_lines(documents: Iterable[dict[str, Any]], beat: int | None) -> Iterator[bytes]:
    """The documents in as few `rooms` lines as a line may be long; at least one, so that an idle link is heard.

    `beat`: the relay's newest when the records were asked for them. Without it they renew no lease of a recording.
    """
    page: list[dict[str, Any]] = []
    size = 0
    for document in documents:
        length = len(json.dumps(document, default=str)) + 1
        if page and (size + length > MAX_LINE - 1024 or len(page) == MAX_DOCUMENTS):
            yield line("rooms", documents=page, beat=beat)
            page, size = [], 0
        page.append(document)
        size += length
    yield line("rooms", documents=page, beat=beat)
