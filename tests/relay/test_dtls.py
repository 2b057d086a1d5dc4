"""The contract with private names of aiortc and pylibsrtp: if one fails after an upgrade, see `relay/dtls.py`."""

import asyncio
import hashlib
import inspect

import pytest
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto
from pylibsrtp import SRTP_MAX_TRAILER_LEN, Session
from pylibsrtp._binding import ffi, lib

from relay.answer import Fingerprint
from relay.dtls import DtlsError, DtlsServer, SrtpError
from relay.limits import HANDSHAKE_QUEUE, MAX_PACKET
from tests.relay.peer import _Pipe, rtp


class Pair:
    """A server of ours and a client of aiortc's, back to back."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.server = DtlsServer(lambda data: self.pipe.queue.put_nowait(data), self.closed.set)
        self.pipe = _Pipe(self.server.push)
        self.certificate = RTCCertificate.generateCertificate()
        self.client = RTCDtlsTransport(self.pipe, [self.certificate])  # type: ignore[arg-type]
        self.client._set_role("client")

    def fingerprints(self) -> list[Fingerprint]:
        return [Fingerprint(f.algorithm, f.value) for f in self.certificate.getFingerprints()]

    async def start(self) -> None:
        await self.client.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", self.server.fingerprint)], "server"))


async def test_handshake_gives_sessions_that_fit_the_other_side() -> None:
    pair = Pair()
    sessions, _ = await asyncio.gather(pair.server.handshake(pair.fingerprints()), pair.start())
    packet = rtp(5, 1, b"voice")
    assert sessions.unprotect(pair.client._tx_srtp.protect(packet)) == packet
    assert pair.client._rx_srtp.unprotect(sessions.protect(packet)) == packet
    again = sessions.protect(packet)
    assert sessions.protect(packet) == again
    await pair.client.stop()
    await pair.server.close()


async def test_hanging_up_is_heard() -> None:
    pair = Pair()
    await asyncio.gather(pair.server.handshake(pair.fingerprints()), pair.start())
    await pair.client.stop()
    async with asyncio.timeout(30):
        await pair.closed.wait()
    await pair.server.close()
    await pair.server.close()
    assert pair.closed.is_set()


async def test_wrong_fingerprint_is_refused() -> None:
    pair = Pair()
    wrong = [Fingerprint("sha-256", ":".join(["00"] * 32))]
    client = asyncio.create_task(pair.start())
    with pytest.raises(DtlsError):
        await pair.server.handshake(wrong)
    await pair.server.close()
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)
    await pair.client.stop()


@pytest.mark.filterwarnings("ignore:.*OpenSSL.*:DeprecationWarning")
async def test_certificate_nobody_can_read_is_refused() -> None:
    pair = Pair()
    der = bytearray(pair.certificate._cert.public_bytes(Encoding.DER))
    der[der.index(b"\xa0\x03\x02\x01\x02") + 4] = 7  # X.509 version 8
    digest = hashlib.sha256(der).digest().hex(":").upper()
    pair.certificate._cert = crypto.load_certificate(crypto.FILETYPE_ASN1, bytes(der))  # type: ignore[assignment]
    client = asyncio.create_task(pair.start())
    with pytest.raises(DtlsError, match="refused"):
        await pair.server.handshake([Fingerprint("sha-256", digest)])
    await pair.server.close()
    await asyncio.gather(client, return_exceptions=True)
    await pair.client.stop()


async def test_datagrams_before_the_handshake_are_bounded() -> None:
    pair = Pair()
    for _ in range(10_000):
        pair.server.push(b"\x16" + bytes(1000))
    assert pair.server._pipe._queue.qsize() == HANDSHAKE_QUEUE
    await pair.server.close()


async def test_packet_as_long_as_a_datagram_goes_through_and_a_longer_one_is_refused() -> None:
    pair = Pair()
    sessions, _ = await asyncio.gather(pair.server.handshake(pair.fingerprints()), pair.start())
    long = rtp(5, 1, bytes(MAX_PACKET - 12))
    sealed = sessions.protect(long)
    assert len(long) < len(sealed) <= MAX_PACKET + SRTP_MAX_TRAILER_LEN
    with pytest.raises(SrtpError):
        sessions.protect(long + b"x")
    with pytest.raises(SrtpError):
        sessions.unprotect(pair.client._tx_srtp.protect(rtp(5, 1, b"voice"))[:-1] + b"x")
    await pair.client.stop()
    await pair.server.close()


@pytest.mark.parametrize("name", ["srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"])
def test_libsrtp_is_still_called_with_context_packet_and_length(name: str) -> None:
    called = "srtp_err_status_t(*)(struct srtp_ctx_t_ *, void *, int *)"
    assert ffi.typeof(getattr(lib, name)).cname == called
    assert lib.srtp_err_status_ok == 0


def test_session_still_keeps_its_context_where_we_look() -> None:
    assert ffi.typeof(Session()._srtp).cname == "struct srtp_ctx_t_ * *"


@pytest.mark.parametrize("name", ["_set_role", "start", "stop", "getLocalParameters", "_do_handshake"])
def test_transport_still_has_the_names_we_use(name: str) -> None:
    assert callable(getattr(RTCDtlsTransport, name))


def test_transport_still_asks_its_ice_transport_for_three_names_only() -> None:
    source = inspect.getsource(RTCDtlsTransport)
    used = {part.split("(")[0].split()[0].rstrip(".:,)") for part in source.split("self.transport.")[1:]}
    assert used == {"_recv", "_send", "role"}
