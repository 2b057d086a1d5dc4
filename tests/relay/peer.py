"""A small WebRTC peer in Python: ICE checks, DTLS, SRTP, an answer of its own making, any packet a test wants."""

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Callable
from typing import Any, Self, cast

from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

PATIENCE = 30.0
RETRY = 0.5
PAYLOAD_TYPES = {"audio": 111, "video": 96}
SOURCES = {"0": "audio", "1": "camera", "2": "screen"}


def rtp(ssrc: int, number: int, payload: bytes, payload_type: int = 111, timestamp: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, number & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def video(ssrc: int, number: int, payload: bytes, key: bool = False) -> bytes:
    return rtp(ssrc, number, (b"\x10\x00" if key else b"\x10\x01") + payload, 96, number * 3000)


class Changes:
    """Wait for a condition by being told of every change, never by sleeping."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        self._event.set()

    async def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        async with asyncio.timeout(seconds):
            while not (result := condition()):
                self._event.clear()
                await self._event.wait()
        return result


class _Pipe:
    role = "controlling"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.send = send
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def _recv(self) -> bytes:
        data = await self.queue.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self.send(data)


class Peer(asyncio.DatagramProtocol):
    """One browser, more or less. `packets` and `reports` are what came, decrypted, in order of arrival."""

    def __init__(self, sends: tuple[str, ...] = ("audio", "camera")) -> None:
        self.sends = sends
        self.nack = {"audio", "video"}  # the media of which its answers take NACKs
        self.ssrcs = {source: secrets.randbelow((1 << 32) - 16) + 8 for source in SOURCES.values()}
        self.changes = Changes()
        self.packets: list[bytes] = []
        self.raw: list[bytes] = []
        self.reports: list[bytes] = []
        self.certificate = RTCCertificate.generateCertificate()
        self.offer: dict[str, Any] = {}
        self.credentials = ("", "")
        self._waiting: dict[bytes, asyncio.Future[stun.Message]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._dtls: Any = None
        self._pipe = _Pipe(self.send_raw)

    async def open(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def move(self) -> None:
        """Go on from a new address, as after a change of network."""
        assert self._transport is not None
        self._transport.close()
        await self.open()

    async def close(self) -> None:
        if self._dtls is not None:
            with contextlib.suppress(ConnectionError):
                await self._dtls.stop()
        if self._transport is not None:
            self._transport.close()

    # -- datagrams

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if data[0] <= 3:
            message = stun.parse_message(data)
            waiting = self._waiting.pop(message.transaction_id, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif data[0] < 64:
            self._pipe.queue.put_nowait(data)
        elif 192 <= data[1] <= 223:
            self.reports.append(self._dtls._rx_srtp.unprotect_rtcp(data))
        else:
            self.raw.append(data)
            with contextlib.suppress(Exception):  # what is sent again is a replay to SRTP; `raw` has it
                self.packets.append(self._dtls._rx_srtp.unprotect(data))
        self.changes.tell()

    def send_raw(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(data, self.relay)

    def send(self, packet: bytes) -> None:
        self.send_raw(self._dtls._tx_srtp.protect(packet))

    def send_report(self, packet: bytes) -> None:
        self.send_raw(self._dtls._tx_srtp.protect_rtcp(packet))

    # -- offer and answer

    def take(self, offer: dict[str, Any]) -> None:
        self.offer = offer
        lines = offer["sdp"].splitlines()
        self.credentials = (_value(lines, "a=ice-ufrag:"), _value(lines, "a=ice-pwd:"))
        candidate = _value(lines, "a=candidate:").split()
        self.relay = (candidate[4], int(candidate[5]))

    def answer(self, fingerprint: str | None = None) -> str:
        """The answer to the offer last taken."""
        fingerprint = fingerprint or self.certificate.getFingerprints()[0].value
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        for section in self.offer["sdp"].split("\r\nm=")[1:]:
            offered = section.splitlines()
            media = offered[0].split()[0]
            mid = _value(offered, "a=mid:")
            source = SOURCES.get(mid)
            lines += [
                f"m={media} 9 UDP/TLS/RTP/SAVPF {PAYLOAD_TYPES[media]}",
                f"a=mid:{mid}",
                "a=ice-ufrag:abcd",
                "a=ice-pwd:abcdefghijklmnopqrstuv",
                f"a=fingerprint:sha-256 {fingerprint}",
                "a=setup:active",
                "a=rtcp-mux",
                f"a=rtpmap:{PAYLOAD_TYPES[media]} {'opus/48000/2' if media == 'audio' else 'VP8/90000'}",
            ]
            if media in self.nack:
                lines.append(f"a=rtcp-fb:{PAYLOAD_TYPES[media]} nack")
            if source is None:
                lines.append("a=recvonly" if "a=sendonly" in offered else "a=inactive")
            elif source in self.sends and "a=recvonly" in offered:
                lines += ["a=sendonly", f"a=ssrc:{self.ssrcs[source]} cname:x"]
            else:
                lines.append("a=inactive")
        return "\r\n".join(lines) + "\r\n"

    # -- connecting

    async def check(self, nominate: bool = True, password: str | None = None) -> stun.Message:
        """One ICE connectivity check; the relay's answer."""
        message = self.request(nominate, password)
        future: asyncio.Future[stun.Message] = asyncio.get_running_loop().create_future()
        self._waiting[message.transaction_id] = future
        async with asyncio.timeout(PATIENCE):
            while not future.done():  # as browsers do: the relay drops checks while somebody floods it with them
                self.send_raw(bytes(message))
                await asyncio.wait([future], timeout=RETRY)
        return await future

    def request(self, nominate: bool = True, password: str | None = None) -> stun.Message:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.credentials[0]}:abcd"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((password or self.credentials[1]).encode())
        return message

    async def handshake(self) -> str:
        """DTLS as the active side. Returns the state it ends in."""
        self._dtls = RTCDtlsTransport(self._pipe, [self.certificate])  # type: ignore[arg-type]
        self._dtls._set_role("client")
        lines = self.offer["sdp"].splitlines()
        algorithm, value = _value(lines, "a=fingerprint:").split()
        async with asyncio.timeout(PATIENCE):
            await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(algorithm, value)], "server"))
        return str(self._dtls.state)


def _value(lines: list[str], prefix: str) -> str:
    return next(line.removeprefix(prefix) for line in lines if line.startswith(prefix))
