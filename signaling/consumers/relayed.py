"""What a relay says to a seat, as its page hears it. Whether the page may hear it is decided in visit.py."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from signaling import turn
from signaling.control import (
    FromRelay,
    RelayError,
    RelayFigures,
    RelayOffer,
    RelayRung,
    RelaySeat,
    RelayStill,
    RelayStills,
)
from signaling.messages import Error, Figures, MediaState, Message, Offer, Rung, StillOf, Stills, words_of


def message_for_page(
    said: FromRelay, seat: UUID, ice_servers: list[dict[str, Any]] | None = None
) -> tuple[Message, str | None]:
    """The message, and the key under which a later one replaces it while it still waits to be sent."""
    match said:
        case RelayOffer():
            servers = turn.ice_servers(seat) if ice_servers is None else ice_servers
            return Offer(**_fields(said, Offer), ice_servers=servers), None
        case RelaySeat():
            return MediaState(**_fields(said, MediaState)), None
        case RelayRung():
            return Rung(**_fields(said, Rung)), f"rung {said.about}"
        case RelayStills():
            return Stills(**_fields(said, Stills)), "stills"
        case RelayStill():
            return StillOf(**_fields(said, StillOf)), f"still {said.sender}"
        case RelayFigures():
            return Figures(seats=[row.model_dump(mode="json") for row in said.seats]), "figures"
        case RelayError():
            words = said.message or words_of(said.code)
            return Error(code=said.code, message=words, connection=said.connection), None


def _fields(said: FromRelay, model: type[Message]) -> dict[str, Any]:
    """What both have by the same name; of the relay's own fields a page learns no other."""
    return said.model_dump(include=set(model.model_fields) - {"type"})
