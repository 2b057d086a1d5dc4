"""Connecting the load's seats, real ICE checks and DTLS-SRTP: to the relay by its control link, to Janus by its API."""

import asyncio
import base64
import contextlib
import json
import os
import re
import socket
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyrage

from bench.janus import Api, JanusError
from bench.load_loop import Line, Seat
from relay import stun
from tests.relay.peer import PAYLOAD_TYPES, Peer

AT_ONCE = 8  # handshakes side by side: more only makes DTLS send again
JANUS_ROOMS_AT_ONCE = 24
PATIENCE = 30.0
PASSWORD = "abcdefghijklmnopqrstuv"  # the one in Peer's answers
_BEAT = re.compile(rb'"beat":([0-9]+)')
_NOTE_SECONDS = 0.05
_ASKINGS = 40
_BINDING_REQUEST = b"\x00\x01"
_RTPMAP = {"audio": "opus/48000/2", "video": "VP8/90000"}


class Bound(Peer):
    """A peer on the bench's own address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.checked_back = asyncio.Event()

    async def open(self) -> "Bound":
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(self._address, 0))
        return self

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Janus checks back even as ICE-lite, and waits for the answer; the relay does not."""
        if data[:2] == _BINDING_REQUEST:
            self.checked_back.set()
            self.send_raw(stun.build_response(stun.Request(data[8:20], False), address, PASSWORD.encode()))
        elif data[0] < 64:  # media counts only in the hot loop
            super().datagram_received(data, address)

    async def secure(self) -> None:
        """ICE checks, as often as a browser's at first, and the handshake; after offer and answer were exchanged."""
        await self.check()
        checking = asyncio.create_task(self._check_on())
        state = await self.handshake()
        checking.cancel()
        if state != "connected":
            raise RuntimeError(f"a handshake ended {state}")

    async def _check_on(self) -> None:
        while True:
            self.send_raw(bytes(self.request()))
            await asyncio.sleep(0.1)

    def answer(self, fingerprint: str | None = None) -> str:
        """With the candidate: stock aiortc wants one."""
        return super().answer(fingerprint).replace("a=rtcp-mux", f"a=rtcp-mux\r\n{self.candidate}")

    @property
    def candidate(self) -> str:
        """Where this peer is, for Janus and stock aiortc; the relay never asks."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        return f"a=candidate:1 1 udp 2130706431 {host} {port} typ host"

    def line(self) -> Line:
        """What the hot loop needs of it; the event loop lets go of the socket."""
        assert self._transport is not None
        sock = socket.socket(fileno=os.dup(self._transport.get_extra_info("socket").fileno()))
        self._transport.abort()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.connect(self.relay)
        inbound, outbound = self._dtls._rx_srtp, self._dtls._tx_srtp
        return Line(sock, outbound.protect, inbound.unprotect, outbound.protect_rtcp, bytes(self.request()))


class RelayHouse:
    """Rooms at the relay, over one control link."""

    def __init__(self, control: Path, address: str, rooms: int, seats: int, recorded: bool = False) -> None:
        self._control = control
        self._address = address
        self._size = seats
        self._rooms = {str(uuid.uuid4()): [str(uuid.uuid4()) for _ in range(seats)] for _ in range(rooms)}
        self._offers: dict[str, asyncio.Queue[dict[str, Any]]] = defaultdict(asyncio.Queue)
        self._errors: list[str] = []
        self._link: socket.socket | None = None
        wish = {"active": True, "may": ["audio", "camera"], "figures": False}
        documents = [
            {
                "room": room,
                "version": 1,
                "closed": False,
                "seats": [{"seat": name, **wish} for name in names],
                "recording": _recording(names) if recorded else None,
            }
            for room, names in self._rooms.items()
        ]
        self._documents = json.dumps({"type": "rooms", "documents": documents}).encode().removesuffix(b"}")
        self._beat = b"null"

    async def fill(self) -> list[Seat]:
        """All seats connected and every offer answered."""
        reader, self._writer = await asyncio.open_unix_connection(str(self._control), limit=1 << 20)
        reading = asyncio.create_task(self._read(reader))
        self._writer.write(self._rooms_line())
        gate = asyncio.Semaphore(AT_ONCE)
        joins = [self._join(room, name, gate) for room, names in self._rooms.items() for name in names]
        peers = await asyncio.gather(*joins)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        if self._errors:
            raise RuntimeError(self._errors[0])
        self._link = socket.socket(fileno=os.dup(self._writer.get_extra_info("socket").fileno()))
        heard = {peer: self._heard(peer) for peer in peers}
        lines = {peer: peer.line() for peer in peers}
        return [
            Seat(lines[peer], lines[peer], peer.ssrcs["audio"], peer.ssrcs["camera"], heard[peer]) for peer in peers
        ]

    def chore(self) -> None:
        """What a web process does every two seconds: read what the relay tells, and say what it wants."""
        assert self._link is not None
        self._link.setblocking(False)
        told = b""
        with contextlib.suppress(BlockingIOError):
            while more := self._link.recv(1 << 16):
                told += more
        for found in _BEAT.finditer(told):
            self._beat = found[1]
        self._link.settimeout(1.0)
        self._link.sendall(self._rooms_line())

    def _rooms_line(self) -> bytes:
        """With the relay's newest beat, or it would renew no lease of a recording."""
        return self._documents + b',"beat":' + self._beat + b"}\n"

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            if message["type"] == "offer":
                self._offers[message["seat"]].put_nowait(message)
            elif message["type"] == "error":
                self._errors.append(f"{message['code']}: {message['message']}")

    async def _join(self, room: str, name: str, gate: asyncio.Semaphore) -> Bound:
        at = {"room": room, "seat": name, "connection": str(uuid.uuid4())}
        async with gate:
            peer = await Bound(self._address).open()
            self._send(type="connect", **at)
            await self._answer(peer, at)
            await peer.secure()
        while len(peer.offer["down"]) < 2 * (self._size - 1):
            await self._answer(peer, at)
        return peer

    async def _answer(self, peer: Bound, at: dict[str, str]) -> None:
        async with asyncio.timeout(PATIENCE):
            peer.take(await self._offers[at["seat"]].get())
        self._send(type="answer", offer=peer.offer["offer"], sdp=peer.answer(), **at)

    def _send(self, **message: Any) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    @staticmethod
    def _heard(peer: Bound) -> tuple[int, ...]:
        return _ssrcs(peer.offer["sdp"])


def _recording(names: list[str]) -> dict[str, Any]:
    """Everybody in the room is recorded, to a key that nobody keeps."""
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    people = {name: {"stream": str(uuid.uuid4()), "recipient": recipient} for name in names}
    mac = base64.b64encode(os.urandom(32)).decode()
    return {"recording": str(uuid.uuid4()), "mac": mac, "lease": 5, "people": people}


class JanusHouse:
    """The same rooms at Janus' videoroom: each seat has a connection going up and one coming down."""

    def __init__(self, folder: Path, address: str, rooms: int) -> None:
        self._api = Api(folder)
        self._address = address
        self._rooms = rooms

    async def fill(self) -> list[Seat]:
        """All seats publishing and subscribed to the other."""
        found = []
        for room in range(1, self._rooms + 1):
            self._api.create_room(room)
            ups = [await self._publish(room) for _ in range(2)]
            downs = [await self._subscribe(room, feed) for _, feed in reversed(ups)]
            for (up, _), down in zip(ups, downs, strict=True):
                heard = _ssrcs(down.offer["sdp"])
                found.append((up, down, heard))
        return [Seat(up.line(), down.line(), up.ssrcs["audio"], up.ssrcs["camera"], heard) for up, down, heard in found]

    def chore(self) -> None:
        """Read what Janus tells meanwhile."""
        self._api.drain()

    async def _publish(self, room: int) -> tuple[Bound, int]:
        peer = await Bound(self._address).open()
        handle = self._api.attach()
        joined = self._api.message(handle, {"request": "join", "ptype": "publisher", "room": room})
        sections = [("0", "audio", peer.ssrcs["audio"]), ("1", "video", peer.ssrcs["camera"])]
        sdp = self._sdp(peer, "sendonly", sections)
        answer = self._api.message(handle, {"request": "publish"}, {"type": "offer", "sdp": sdp})
        peer.take({"sdp": answer["jsep"]["sdp"]})
        await self._secure(peer)
        return peer, int(joined["plugindata"]["data"]["id"])

    async def _subscribe(self, room: int, feed: int) -> Bound:
        peer = await Bound(self._address).open()
        handle = self._api.attach()
        body = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]}
        peer.take({"sdp": (await self._once_there(handle, body))["jsep"]["sdp"]})
        sections = [(mid, media, 0) for mid, media in _sections(peer.offer["sdp"])]
        answer = {"type": "answer", "sdp": self._sdp(peer, "recvonly", sections)}
        self._api.message(handle, {"request": "start"}, answer)
        await self._secure(peer)
        return peer

    async def _once_there(self, handle: int, body: dict[str, Any]) -> dict[str, Any]:
        """Janus names a feed a moment after its handshake: on a busy machine the first asking may come too soon."""
        for _ in range(_ASKINGS):
            try:
                return self._api.message(handle, body)
            except JanusError:
                await asyncio.sleep(_NOTE_SECONDS)
        return self._api.message(handle, body)

    async def _secure(self, peer: Bound) -> None:
        """Janus drops a handshake that begins before its own check was answered and taken note of."""
        await peer.check()
        await peer.checked_back.wait()
        await asyncio.sleep(_NOTE_SECONDS)
        await peer.secure()

    def _sdp(self, peer: Bound, direction: str, sections: list[tuple[str, str, int]]) -> str:
        """Our side, active in DTLS, as an offer or an answer."""
        mids = " ".join(mid for mid, _, _ in sections)
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
        for mid, media, ssrc in sections:
            number = PAYLOAD_TYPES[media]
            lines += [
                f"m={media} 9 UDP/TLS/RTP/SAVPF {number}",
                "c=IN IP4 0.0.0.0",
                f"a=mid:{mid}",
                f"a={direction}",
                "a=ice-ufrag:abcd",
                f"a=ice-pwd:{PASSWORD}",
                f"a=fingerprint:sha-256 {peer.certificate.getFingerprints()[0].value}",
                "a=setup:active",
                "a=rtcp-mux",
                f"a=rtpmap:{number} {_RTPMAP[media]}",
                peer.candidate,
            ]
            if media == "video":
                lines += [f"a=rtcp-fb:{number} {kind}" for kind in ("nack", "nack pli", "ccm fir", "goog-remb")]
            if ssrc:
                lines.append(f"a=ssrc:{ssrc} cname:seat")
        return "\r\n".join(lines) + "\r\n"


def _sections(sdp: str) -> list[tuple[str, str]]:
    """(mid, medium) of each section."""
    found = []
    for section in sdp.split("\r\nm=")[1:]:
        mid = next(line for line in section.splitlines() if line.startswith("a=mid:")).removeprefix("a=mid:")
        found.append((mid, section.split(" ")[0]))
    return found


def _ssrcs(sdp: str) -> tuple[int, ...]:
    lines = (line for line in sdp.splitlines() if line.startswith("a=ssrc:"))
    return tuple(dict.fromkeys(int(line.removeprefix("a=ssrc:").split()[0]) for line in lines))
