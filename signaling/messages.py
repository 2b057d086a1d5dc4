"""Every message of our sockets, as one table (docs/signaling.md in types). What a message does is in consumers/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from core.errors import HousecallError

PROTOCOL = 1
MAX_FRAME_BYTES = 65_536
MAX_CHAT = 2_000
MAX_SDP = 60_000
MAX_STILL = 4 * (8 * 1024 // 3 + 1)  # characters of Base64: a JPEG of 8 KiB

ERROR_WORDS = {
    "malformed": gettext_noop("We could not read that message. Reload the page."),
    "unknown_type": gettext_noop("This page and our server do not speak the same version. Reload the page."),
    "invalid": gettext_noop("Something in that message is missing or too long. Shorten it and try again."),
    "out_of_order": gettext_noop("That came at the wrong moment. Reload the page."),
    "unsupported_protocol": gettext_noop("This page is out of date. Reload it."),
    "no_seat": gettext_noop("You are not in the visit in this tab. Join again."),
    "unknown_connection": gettext_noop("That connection is no longer in use. Connect again."),
    "rate_limited": gettext_noop("That was too fast. Wait a moment and try again."),
    "too_many_sockets": gettext_noop("This visit is open in too many tabs. Close the others."),
    "relay_busy": gettext_noop("The video server is busy. Try again in a moment."),
    "unavailable": gettext_noop("We cannot reach our records right now. Your call goes on; try again in a moment."),
    "internal": gettext_noop("Something went wrong on our side. Try again."),
}


def words_of(code: str) -> str:
    """What people are told; empty for a code that is none of ours."""
    return _(ERROR_WORDS.get(code, ""))


class ProtocolError(HousecallError):
    """A message that cannot be taken. `about` is its type where that could be read."""

    status = 400

    def __init__(self, code: str, about: str | None = None) -> None:
        super().__init__(words_of(code), code=code)
        self.about = about


def _without_nul(value: str) -> str:
    if "\x00" in value:  # PostgreSQL has no way to keep it
        raise ValueError("must not hold NUL")
    return value


Text = Annotated[str, AfterValidator(_without_nul)]
Counter = Annotated[int, Field(ge=0, le=2**53 - 1)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Message(BaseModel):
    """A message of either direction: strict types, no field but those declared."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    type: str

    def frame(self) -> str:
        """The text frame."""
        return self.model_dump_json(by_alias=True)


# --- client to server ---


class Hello(Message):
    type: Literal["hello"] = "hello"
    protocol: Number
    tab: UUID
    chat_seq: Number


class Ping(Message):
    type: Literal["ping"] = "ping"
    n: Counter


class Pong(Message):
    type: Literal["pong"] = "pong"
    n: Counter


class Connect(Message):
    type: Literal["connect"] = "connect"


class Answer(Message):
    type: Literal["answer"] = "answer"
    connection: UUID
    offer: Number
    # ASCII without control characters: what browsers write, and it cannot grow when it is written as JSON again.
    sdp: Annotated[str, Field(min_length=1, max_length=MAX_SDP, pattern=r"^[\t\r\n\x20-\x7e]+$")]


class RestartIce(Message):
    type: Literal["restart-ice"] = "restart-ice"
    connection: UUID


class Media(Message):
    type: Literal["media"] = "media"
    mic: bool
    camera: bool


class Share(Message):
    type: Literal["share"] = "share"
    on: bool


class Still(Message):
    type: Literal["still"] = "still"
    # "/9j/" is how a JPEG begins. Whether it is one, the relay looks at and the browser that shows it.
    jpeg: Annotated[
        str, Field(max_length=MAX_STILL, pattern=r"^/9j/(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[A-Za-z0-9+/=]=)?$")
    ]


class Chat(Message):
    type: Literal["chat"] = "chat"
    client_id: UUID
    body: Annotated[Text, Field(min_length=1, max_length=MAX_CHAT)]


class ChatSince(Message):
    type: Literal["chat-since"] = "chat-since"
    seq: Number


class Leave(Message):
    type: Literal["leave"] = "leave"


# --- server to client ---


class Welcome(Message):
    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL
    server_time: str
    seat: UUID | None
    tab: UUID
    ping_every: float
    visit: dict[str, Any]
    chat: list[dict[str, Any]]


class VisitNow(Message):
    type: Literal["visit"] = "visit"
    visit: dict[str, Any]


class Offer(Message):
    type: Literal["offer"] = "offer"
    connection: UUID
    offer: int
    sdp: str
    up: dict[str, str]
    down: list[dict[str, str]]
    ice_servers: list[dict[str, Any]]


class MediaState(Message):
    type: Literal["media-state"] = "media-state"
    connection: UUID
    state: Literal["connected", "away", "closed"]


class Relay(Message):
    type: Literal["relay"] = "relay"
    state: Literal["ready", "lost", "moved"]


class Rung(Message):
    type: Literal["rung"] = "rung"
    about: UUID
    rung: Literal["full", "low-rate", "stills", "audio"]
    why: Literal["loss", "bandwidth", "recovered"]


class Stills(Message):
    type: Literal["stills"] = "stills"
    wanted: bool


class StillOf(Message):
    type: Literal["still"] = "still"
    sender: UUID = Field(serialization_alias="from")
    jpeg: str


class Figures(Message):
    type: Literal["figures"] = "figures"
    seats: list[dict[str, Any]]


class ChatMessages(Message):
    type: Literal["chat"] = "chat"
    messages: list[dict[str, Any]]


class ServerPong(Message):
    type: Literal["pong"] = "pong"
    n: int
    server_time: str


class SeatTaken(Message):
    type: Literal["seat-taken"] = "seat-taken"


class QueueNow(Message):
    type: Literal["queue"] = "queue"
    version: int
    waiting: int
    html: str


class CalendarNow(Message):
    """Where to look again: single visits, and everything of these practitioners. Nothing in it: the socket is open."""

    type: Literal["calendar"] = "calendar"
    visits: list[UUID]
    people: list[UUID]


class Error(Message):
    type: Literal["error"] = "error"
    code: str
    message: str
    about: str | None = None
    client_id: UUID | None = None
    connection: UUID | None = None

    def frame(self) -> str:
        return self.model_dump_json(exclude_none=True)


# --- the table ---


class Direction(StrEnum):
    TO_SERVER = "client-to-server"
    TO_CLIENT = "server-to-client"


class Rate(StrEnum):
    """Classes of the token buckets in limits.py; FRAME counts every frame of a socket."""

    FRAME = "frame"
    CONTROL = "control"
    CHAT = "chat"
    CONNECT = "connect"
    ANSWER = "answer"
    STILL = "still"
    SHARE = "share"


SocketName = Literal["visit", "queue", "clinic", "calendar", "trial"]


@dataclass(frozen=True)
class Row:
    """One message on one socket. `action` names its row in the policy table; only client messages have one."""

    socket: SocketName
    direction: Direction
    model: type[Message]
    action: str | None = None
    rate: Rate | None = None

    @property
    def type(self) -> str:
        return str(self.model.model_fields["type"].default)


WATCH = "signaling.visit.watch"
MEDIA = "signaling.visit.media"
CHAT = "signaling.visit.chat"
SHARE = "signaling.visit.share"
LEAVE = "signaling.visit.leave"
FIGURES = "signaling.visit.figures"  # what a page is shown, not what it says
TRY = "signaling.visit.try"
QUEUE = "signaling.queue.watch"
CLINIC = "signaling.clinic.watch"
CALENDAR = "signaling.calendar.watch"


def _from_client(socket: SocketName, model: type[Message], action: str, rate: Rate) -> Row:
    return Row(socket, Direction.TO_SERVER, model, action, rate)


def _from_server(socket: SocketName, *models: type[Message]) -> tuple[Row, ...]:
    return tuple(Row(socket, Direction.TO_CLIENT, model) for model in models)


TABLE: tuple[Row, ...] = (
    _from_client("visit", Hello, WATCH, Rate.CONTROL),
    _from_client("visit", Ping, WATCH, Rate.CONTROL),
    _from_client("visit", Pong, WATCH, Rate.CONTROL),
    _from_client("visit", Connect, MEDIA, Rate.CONNECT),
    _from_client("visit", Answer, MEDIA, Rate.ANSWER),
    _from_client("visit", RestartIce, MEDIA, Rate.CONNECT),
    _from_client("visit", Media, MEDIA, Rate.CONTROL),
    _from_client("visit", Share, SHARE, Rate.SHARE),
    _from_client("visit", Still, MEDIA, Rate.STILL),
    _from_client("visit", Chat, CHAT, Rate.CHAT),
    _from_client("visit", ChatSince, WATCH, Rate.CONTROL),
    _from_client("visit", Leave, LEAVE, Rate.CONTROL),
    _from_client("queue", Ping, QUEUE, Rate.CONTROL),
    _from_client("queue", Pong, QUEUE, Rate.CONTROL),
    _from_client("clinic", Ping, CLINIC, Rate.CONTROL),
    _from_client("clinic", Pong, CLINIC, Rate.CONTROL),
    _from_client("calendar", Ping, CALENDAR, Rate.CONTROL),
    _from_client("calendar", Pong, CALENDAR, Rate.CONTROL),
    _from_client("trial", Connect, TRY, Rate.CONNECT),
    _from_client("trial", Answer, TRY, Rate.ANSWER),
    _from_client("trial", Ping, TRY, Rate.CONTROL),
    _from_client("trial", Pong, TRY, Rate.CONTROL),
    *_from_server("visit", Welcome, VisitNow, ChatMessages, Ping, ServerPong, SeatTaken, Error),
    *_from_server("visit", Offer, MediaState, Relay, Rung, Stills, StillOf, Figures),
    *_from_server("queue", QueueNow, Ping, ServerPong, Error),
    *_from_server("trial", Offer, MediaState, Relay, Ping, ServerPong, Error),
    *_from_server("clinic", QueueNow, Ping, ServerPong, Error),
    *_from_server("calendar", CalendarNow, Ping, ServerPong, Error),
)


def client_messages(socket: str | None = None) -> Mapping[str, Row]:
    """Rows a client may send, by type; of one socket, or of all (where they share a type the visit's row is kept)."""
    rows = [row for row in TABLE if row.direction is Direction.TO_SERVER and socket in (None, row.socket)]
    return {row.type: row for row in reversed(rows)}


def parse(rows: Mapping[str, Row], text: str) -> tuple[Row, Message]:
    """The message in a text frame, typed; raises ProtocolError with the code docs/signaling.md names."""
    try:
        raw = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise ProtocolError("malformed") from None
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(kind, str):
        raise ProtocolError("malformed")
    row = rows.get(kind)
    if row is None:
        raise ProtocolError("unknown_type")
    try:
        return row, row.model.model_validate_json(text)
    except ValidationError:
        raise ProtocolError("invalid", about=kind) from None
