"""The one module that touches private names of aiortc and pylibsrtp: DTLS over our own port, and SRTP (contract tests).

aiortc's RTCDtlsTransport wants an ICE transport; it gets an object with the three names it uses: `_recv`, `_send` and
`role`. After the handshake no datagram comes by here: the port gives SRTP straight to the two sessions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pylibsrtp
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from pylibsrtp._binding import ffi, lib

from relay.answer import Fingerprint
from relay.errors import RelayError
from relay.limits import HANDSHAKE_QUEUE, HANDSHAKE_SECONDS, MAX_PACKET

SrtpError = pylibsrtp.Error
Protect = Callable[[bytes], bytes]
_TRAILER = pylibsrtp.SRTP_MAX_SRTCP_TRAILER_LEN


class DtlsError(RelayError):
    code = "dtls_failed"


class Sessions:
    """The four operations on media packets, bound once. Each raises SrtpError and only that."""

    __slots__ = ("_kept", "protect", "protect_rtcp", "unprotect", "unprotect_rtcp")

    def __init__(self, inbound: Any, outbound: Any) -> None:
        self._kept = (inbound, outbound)  # libsrtp's contexts are freed with them
        self.unprotect = _bind(lib.srtp_unprotect, inbound)
        self.unprotect_rtcp = _bind(lib.srtp_unprotect_rtcp, inbound)
        self.protect = _bind(lib.srtp_protect, outbound)
        self.protect_rtcp = _bind(lib.srtp_protect_rtcp, outbound)


# libsrtp works in place, so every packet of the process (one thread) passes through this one buffer. pylibsrtp's own
# wrapper makes two objects more for each packet: 1.25 µs against 0.8 for 1,162 bytes; and its buffer ends at 1,356.
_room = ffi.new("char[]", MAX_PACKET + _TRAILER)
_size = ffi.new("int *")
_bytes = ffi.buffer(_room)


def _bind(function: Callable[[Any, Any, Any], int], session: Any) -> Protect:
    context = session._srtp[0]

    def run(data: bytes) -> bytes:
        length = len(data)
        if length > MAX_PACKET:
            raise SrtpError("packet is too long")
        _bytes[0:length] = data
        _size[0] = length
        if function(context, _room, _size):
            raise SrtpError("refused by libsrtp")
        sealed: bytes = _bytes[0 : _size[0]]
        return sealed

    return run


class _Pipe:
    """What RTCDtlsTransport takes for an ICE transport. Bounded: DTLS sends again what is dropped."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._out = send
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(HANDSHAKE_QUEUE)

    def push(self, data: bytes | None) -> None:
        if not self._queue.full():
            self._queue.put_nowait(data)

    def shut(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _recv(self) -> bytes:
        data = await self._queue.get()
        if data is None:
            raise ConnectionError("closed")
        return data

    async def _send(self, data: bytes) -> None:
        self._out(data)


class DtlsServer:
    """One seat's DTLS: handshake, keys, and the news that the browser hung up."""

    def __init__(self, send: Callable[[bytes], None], on_closed: Callable[[], None]) -> None:
        self._pipe = _Pipe(send)
        self._on_closed = on_closed
        self._transport: Any = RTCDtlsTransport(self._pipe, [RTCCertificate.generateCertificate()])  # type: ignore[arg-type]
        self._transport._set_role("server")
        self._transport.on("statechange", self._changed)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of this connection's own certificate, for the offer."""
        entries = self._transport.getLocalParameters().fingerprints
        return str(next(entry.value for entry in entries if entry.algorithm == "sha-256"))

    def push(self, data: bytes) -> None:
        """A datagram from a proven address; kept until the handshake starts, never more than a few."""
        self._pipe.push(data)

    async def handshake(self, fingerprints: Iterable[Fingerprint]) -> Sessions:
        """Finish the handshake and check the browser's certificate; DtlsError otherwise."""
        parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=f.algorithm, value=f.value) for f in fingerprints],
            role="client",
        )
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await self._transport.start(parameters)
        except TimeoutError as error:
            raise DtlsError("The secure connection was not made in time.") from error
        except Exception as error:  # the parser's edge: OpenSSL passes certificates that cryptography cannot read
            raise DtlsError("The secure connection was refused.") from error
        if self._transport.state != "connected":
            raise DtlsError("The secure connection was refused.")
        return Sessions(self._transport._rx_srtp, self._transport._tx_srtp)

    async def close(self) -> None:
        """Tell the browser and stop. Safe to call twice."""
        self._transport.remove_all_listeners()
        task = self._transport._task
        await self._transport.stop()
        self._pipe.shut()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _changed(self) -> None:
        if self._transport.state == "closed":
            self._on_closed()
