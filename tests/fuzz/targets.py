"""One target per parser of ours: bytes in, and what must be true of whatever comes out. Running them is run.py."""

import hmac
from collections.abc import Callable
from uuid import UUID

from recordings import parts
from recordings.assembly import opus, rtp
from recordings.assembly.vp8 import FrameBuilder
from relay import rtcp, stun, vp8
from relay.answer import parse_answer
from relay.documents import Rooms, parse_line
from relay.errors import MessageError, RelayError, SdpError
from relay.ice import Directory, IceAgent, Path
from relay.limits import LONGEST_LEASE_SECONDS, MAX_RECORDED, MAX_SDP_SECTIONS
from relay.negotiation import Negotiation, TrackRef
from relay.parts import seal
from relay.peer import Counters
from relay.port import Demux
from relay.sources import ALL
from signaling import control
from signaling.messages import ERROR_WORDS, ProtocolError, client_messages, parse
from tests import recorded

Target = Callable[[bytes], None]

PASSWORD = b"0123456789abcdef0123456789abcdef"
ADDRESS = ("192.0.2.10", 5000)
VISIT, QUEUE = client_messages("visit"), client_messages("queue")


def stun_request(data: bytes) -> None:
    """A connectivity check: scanned, its signature looked at, and the rest read only by who signed it."""
    ufrag = stun.scan_username(data)
    signed = stun.is_signed(data, PASSWORD)
    request = stun.read_request(data, PASSWORD)
    if request is not None:
        assert signed, "the full parse believes a signature that the quick look does not"
        assert len(request.transaction_id) == 12
        assert len(stun.build_response(request, ADDRESS, PASSWORD)) < 200
    assert ufrag is None or (b":" not in ufrag and len(ufrag) < len(data))


def reports(data: bytes) -> None:
    """A compound RTCP packet of a browser."""
    received = rtcp.parse(data)
    assert sum(len(numbers) for _, numbers in received.nacks) <= 256
    assert all(0 <= number <= 0xFFFF for _, numbers in received.nacks for number in numbers)
    assert received.bitrate is None or 0 <= received.bitrate <= 1 << 40
    first = list(received.blocks.values())[:31]
    assert list(rtcp.parse(rtcp.receiver_report(first)).blocks.values()) == first
    for report in received.reports:
        assert len(report.packet) == 28
    for ssrc, cname in received.cnames.items():
        assert rtcp.parse(rtcp.description(ssrc, cname)).cnames == {ssrc: cname}
    for ssrc, numbers in received.nacks:
        if numbers:
            assert {n for _, again in rtcp.parse(rtcp.nack(ssrc, numbers)).nacks for n in again} == set(numbers)


def video_packet(data: bytes) -> None:
    assert isinstance(vp8.starts_key_frame(data), bool)
    assert vp8.layer(data).number in range(4)


def answer_text(data: bytes) -> None:
    """A browser's answer, read and then matched to an offer."""
    try:
        answer = parse_answer(data.decode("utf-8", "replace"))
    except SdpError:
        return
    assert 0 < len(answer.sections) <= MAX_SDP_SECTIONS
    assert 0 < len(answer.fingerprints) <= 3
    negotiation = Negotiation(ALL)
    negotiation.wish(TrackRef(seat, source, number) for number, (seat, source) in enumerate(_OTHERS))
    plan = negotiation.next_offer()
    assert plan is not None
    try:
        agreed = negotiation.accept(plan.number, answer)
    except RelayError:
        assert negotiation.open is plan
        return
    assert set(agreed.up) <= ALL
    assert all(0 < ssrc < 1 << 32 for ssrc in agreed.up.values())
    assert len(agreed.down) <= len(_OTHERS)


_OTHERS = (("doctor", "audio"), ("doctor", "camera"), ("guest", "audio"), ("guest", "screen"))


def control_line(data: bytes) -> None:
    """One line of a web process to the relay."""
    try:
        assert parse_line(data) is not None
    except MessageError as error:
        assert error.code in ("bad_message", "unknown_type")  # noqa: PT017 - a target, not a test


def recording(data: bytes) -> None:
    """The recording of one room's document, between what is right."""
    room = b'{"type":"rooms","documents":[{"room":"00000000-0000-0000-0000-000000000001","version":1,"recording":'
    try:
        message = parse_line(room + data + b"}]}")
    except MessageError:
        return
    assert isinstance(message, Rooms)
    for document in message.documents:
        wish = document.recording
        if wish is not None:
            assert len(wish.mac) == 32
            assert 0 < wish.lease <= LONGEST_LEASE_SECONDS
            assert len({person.stream for person in wish.people.values()}) == len(wish.people) <= MAX_RECORDED
            assert all(seal(b"", person.recipient) for person in wish.people.values())


def relay_line(data: bytes) -> None:
    """One line of a relay to a web process."""
    try:
        assert control.parse(data) is not None
    except ValueError:
        return


def socket_frame(data: bytes) -> None:
    """A text frame of a page."""
    text = data.decode("utf-8", "replace")
    for rows in (VISIT, QUEUE):
        try:
            row, message = parse(rows, text)
        except ProtocolError as error:
            assert error.code in ERROR_WORDS  # noqa: PT017
            continue
        assert rows[message.type] is row
        assert message.frame()


class _Seat:
    """Counts what the demultiplexer hands to a seat, and proves addresses as a real one does."""

    def __init__(self, directory: Directory) -> None:
        self.taken = 0
        self.ice = IceAgent(self, directory, 0.0)

    def on_check(self, data: bytes, ufrag: bytes, socket: int, address: stun.Address, now: float) -> None:
        self.taken += 1
        assert data[0] <= 3
        self.ice.check(data, ufrag, socket, address, now)

    def on_media(self, data: bytes, path: Path, now: float) -> None:
        self.taken += 1
        assert 128 <= data[0] <= 191
        assert path.owner is self

    def on_handshake(self, data: bytes, path: Path, now: float) -> None:
        self.taken += 1
        assert 20 <= data[0] <= 63
        assert path.owner is self


def datagram(data: bytes) -> None:
    """One datagram from a proven address and the same from a stranger: only checks of known seats get in from there."""
    directory = Directory([lambda data, address: None])
    seat = _Seat(directory)
    directory.by_ufrag[b"0123456789abcdef"] = seat
    directory.by_address[0][ADDRESS] = Path(seat, 0, ADDRESS, lambda data, address: None, 0.0)
    counters = Counters()
    demux = Demux(directory, counters, lambda: 1.0)
    demux.receive(data, ADDRESS, 0, 1.0)
    assert seat.taken + counters.dropped == 1
    before = seat.taken
    demux.receive(data, ("198.51.100.1", 1), 0, 1.0)
    assert seat.taken == before or data[0] <= 3
    assert counters.packets_in == 2
    assert len(directory.by_address[0]) == 1  # nobody who did not know the password proved an address


_BINDING = recorded.binding(UUID(int=1), UUID(int=2))


def recorded_part(data: bytes) -> None:
    """A part of a recording: opened as it is, and as if a relay had signed it."""
    signed = data + hmac.digest(_BINDING.mac, data, "sha256")
    for read, plain in ((parts.open_part, data), (parts.read_plain, data), (parts.read_plain, signed)):
        try:
            part = read(plain, _BINDING, 1)
            for track, kind, arrival, start, end in part.records():
                assert part.start < start <= end <= part.end
                assert track in part.tracks.values()
                assert 0 <= kind <= 255
                assert arrival >= part.began
        except parts.PartError as error:
            assert error.code in ("changed", "foreign", "swapped", "malformed")  # noqa: PT017 - a target, not a test


def recorded_packets(data: bytes) -> None:
    """What a browser sent, recorded as it came: two bytes of length, a packet, and so on."""
    sorter, builder, place, taken = rtp.Sorter(), FrameBuilder(), 0, 0
    while place + 2 <= len(data):
        length = int.from_bytes(data[place : place + 2]) % 1500
        start, end = place + 2, min(place + 2 + length, len(data))
        place = end
        begin, stop = rtp.payload_bounds(data, start, end)
        assert start <= begin <= stop <= end
        rtp.sender_report(data, start, end)
        if end - start < rtp.SMALLEST:
            continue
        _, second, number, stamp = rtp.HEADER.unpack_from(data, start)
        taken += 1
        sent = (stamp, second >= rtp.RTP_MARKER, data[begin:stop], 0.0)
        next_place = sorter.place_of(number)
        ready = [rtp.Packet(next_place, *sent)] if next_place is not None else list(sorter.push(number, sent, place))
        _build(builder, ready)
    _build(builder, list(sorter.flush()))
    assert sorter.lost >= 0
    assert builder.dropped <= taken


def _build(builder: FrameBuilder, packets: list[rtp.Packet]) -> None:
    for packet in packets:
        frame = builder.push(packet)
        assert frame is None or frame.data
        lasts = opus.duration(packet.payload)
        assert lasts is None or 0 < lasts <= opus.LONGEST_US


TARGETS: dict[str, Target] = {
    "stun": stun_request,
    "rtcp": reports,
    "vp8": video_packet,
    "answer": answer_text,
    "control": control_line,
    "recording": recording,
    "reply": relay_line,
    "socket": socket_frame,
    "datagram": datagram,
    "part": recorded_part,
    "packets": recorded_packets,
}
