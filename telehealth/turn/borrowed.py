"""A seat in a room of its own, borrowed from a relay for a moment: somebody who answers at the relay's own address."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aioice import stun

from core.ids import new_uuid
from signaling import control
from signaling.addresses import RelayAddress
from signaling.relay_link import RelayLink, Trust

PATIENCE = 5.0

_UFRAG = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)
_PASSWORD = re.compile(r"^a=ice-pwd:(\S+)", re.MULTILINE)
_CANDIDATE = re.compile(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", re.MULTILINE | re.IGNORECASE)


class NoRelayError(Exception):
    """The relay gave no seat; the message says what was waited for."""


@dataclass(frozen=True)
class IceEnd:
    """The relay's end of a connection: where it is reached, and what proves a check to it."""

    addresses: tuple[tuple[str, int], ...]
    ufrag: str
    password: str

    @classmethod
    def read(cls, sdp: str) -> IceEnd:
        """From an offer. Loopback is left out: it is announced for browsers of this machine only."""
        ufrag, password = _UFRAG.search(sdp), _PASSWORD.search(sdp)
        if ufrag is None or password is None:
            raise NoRelayError("an offer with ICE credentials")
        found = dict.fromkeys((host, int(port)) for host, port in _CANDIDATE.findall(sdp))
        reachable = tuple(each for each in found if not ipaddress.ip_address(each[0]).is_loopback)
        return cls(reachable, ufrag[1], password[1])

    def check(self) -> stun.Message:
        """A connectivity check as a browser sends it (RFC 8445 section 7.2.4)."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.ufrag}:turn-check"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = int.from_bytes(os.urandom(8), "big")
        request.add_message_integrity(self.password.encode())
        return request

    def is_answer(self, request: stun.Message, data: bytes) -> bool:
        """Whether it comes from the relay: nobody else can sign it."""
        try:
            answer = stun.parse_message(data)
        except ValueError:
            return False
        is_ours = answer.transaction_id == request.transaction_id and answer.message_class is stun.Class.RESPONSE
        return is_ours and answer.check_message_integrity(self.password.encode())


@dataclass
class _Borrower:
    """The owner of a link that wants one seat (signaling.relay_link.LinkOwner)."""

    offer: asyncio.Future[IceEnd]
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    room: str = field(default_factory=lambda: str(new_uuid()))
    seat: str = field(default_factory=lambda: str(new_uuid()))
    connection: str = field(default_factory=lambda: str(new_uuid()))

    def link_ready(self, link: RelayLink, *, kept: bool) -> None:
        seat = {"seat": self.seat, "active": False, "may": [], "figures": False}
        link.put(self.document(1, seat))
        link.put(control.line("connect", room=self.room, seat=self.seat, connection=self.connection))

    def document(self, version: int, *seats: dict[str, Any]) -> bytes:
        document = {"room": self.room, "version": version, "closed": not seats, "seats": list(seats), "recording": None}
        return control.line("rooms", documents=[document])

    def link_lost(self, link: RelayLink) -> None: ...

    def link_changed(self, link: RelayLink) -> None: ...

    def relay_recorded(self, link: RelayLink, message: control.RelayRecorded) -> None: ...

    def relay_said(self, link: RelayLink, message: control.FromRelay) -> None:
        if str(message.connection) != self.connection:
            return
        match message:
            case control.RelayOffer() if not self.offer.done():
                try:
                    self.offer.set_result(IceEnd.read(message.sdp))
                except NoRelayError as error:
                    self.offer.set_exception(error)
            case control.RelayError() if not self.offer.done():
                self.offer.set_exception(NoRelayError(f"a seat, and it said {message.code}"))
            case control.RelaySeat(state="closed"):
                self.gone.set()


@contextlib.asynccontextmanager
async def borrowed_seat(relay: RelayAddress, trust: Trust | None) -> AsyncIterator[IceEnd]:
    """The relay's ICE end for a seat of ours. It is given back afterwards; a running web process would close it too."""
    borrower = _Borrower(asyncio.get_running_loop().create_future())
    link = RelayLink(relay, borrower, trust=trust)
    link.start()
    try:
        try:
            async with asyncio.timeout(PATIENCE):
                end = await borrower.offer
        except TimeoutError:
            raise NoRelayError("its control link") from None
        yield end
        if link.put(borrower.document(2)):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await borrower.gone.wait()
    finally:
        await link.close()
