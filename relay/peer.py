"""One connection of one seat: its ICE, DTLS, offers and packets. Who may hear whom is the room's to say."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from typing import TYPE_CHECKING

from relay import rtcp
from relay.answer import Answer
from relay.dtls import DtlsServer, Sessions, SrtpError
from relay.errors import RelayError
from relay.flood import FloodGuard
from relay.ice import IceAgent, Path
from relay.ladder import Rung
from relay.limits import (
    AGAIN_BURST,
    AGAIN_RATE,
    BUCKET_BURST,
    BUCKET_RATE,
    HANDSHAKE_BURST,
    HANDSHAKE_RATE,
    LONGEST_STARVE_SECONDS,
    MAX_NUMBERINGS,
    MAX_NUMBERINGS_PER_SEAT,
    MAX_REPORTERS,
    PACKET_COST,
    STARVE_SECONDS,
    TokenBucket,
)
from relay.negotiation import Negotiation, Plan, TrackRef
from relay.receiver import Receiver
from relay.reception import Upload
from relay.renumber import Renumbering
from relay.sdp import TransportText, write_offer
from relay.seat_rtcp import RtcpPolicy
from relay.sources import MEDIA_OF
from relay.stun import Address
from relay.tracks import DownTrack, UpTrack, fresh_numbering

if TYPE_CHECKING:
    from relay.switchboard import Switchboard


class Counters:
    """What the load report and the metrics are made of; one for the whole relay. `dropped` is all, of whatever kind."""

    __slots__ = ("behind", "bytes_in", "bytes_out", "dropped", "packets_in", "packets_out", "stray", "unsent")

    def __init__(self) -> None:
        self.packets_in = self.packets_out = self.bytes_in = self.bytes_out = self.dropped = 0
        self.stray = 0  # from an address that nobody has proven
        self.unsent = 0  # not taken by the kernel
        self.behind = False  # whether the last turn of a socket left packets waiting


class Peer:
    def __init__(
        self, board: Switchboard, room: str, seat: str, connection: str, may: frozenset[str], now: float
    ) -> None:
        self.board = board
        self.room = room
        self.seat = seat
        self.connection = connection
        self.state = "new"
        self.negotiation = Negotiation(may)
        self.offer: dict[str, object] | None = None  # the open offer as it was sent, to repeat
        self.ice = IceAgent(self, board.directory, now)
        self.dtls = DtlsServer(self._send_dtls, self._hung_up)
        self.announced: dict[str, int] = {}  # the SSRC of each source, as agreed
        self.tracks: dict[str, UpTrack] = {}  # those of them that the seat may send
        self.agreed: frozenset[TrackRef] = frozenset()
        self.downs: dict[int, DownTrack] = {}
        self.policy = RtcpPolicy(self)
        self.receiver = Receiver(self)
        self.bytes_in = 0  # of media
        self.up = Upload()
        self.starved = False  # asked to send no pictures, for its voice's sake
        self.starved_until = 0.0
        self._starve_seconds = STARVE_SECONDS
        self.told_rungs: dict[str, Rung] = {}  # what its page knows of the connections in the room
        self.told_stills = False  # whether its page knows that its camera is wanted as stills
        self.still_at = -1.0  # when its page last sent one
        self._may = may
        self._nack: frozenset[str] = frozenset()  # sources of which the browser sends again what is asked for
        self._counters = board.counters
        self._session_id = secrets.randbits(62)
        self._fingerprints: tuple[object, ...] = ()
        self._by_ssrc: dict[bytes, UpTrack] = {}
        self._reporters: set[bytes] = set()  # the SSRCs its RTCP came from
        self._numberings: dict[int, Renumbering] = {}
        self._numbered: Counter[str] = Counter()  # how many of them by whose track they were made for
        self._bucket = TokenBucket(BUCKET_RATE, BUCKET_BURST, now)
        self._again = TokenBucket(AGAIN_RATE, AGAIN_BURST, now)
        self._handshakes = TokenBucket(HANDSHAKE_RATE, HANDSHAKE_BURST, now)
        self.flood = FloodGuard(now)
        self._sessions: Sessions | None = None
        self._inbound: Sessions | None = None  # the same, but None while the seat is muted
        self._handshake: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether media may go to this seat: keys made, consent fresh."""
        return self.state == "connected"

    @property
    def rung(self) -> str:
        """On which rung of the rescue ladder it receives."""
        return self.receiver.rung.label

    @property
    def behind(self) -> bool:
        return self._counters.behind

    # -- offers and answers

    def next_offer(self) -> dict[str, object] | None:
        """The next offer as a control message, if one is due and none is in flight."""
        plan = self.negotiation.next_offer()
        if plan is None:
            return None
        if plan.restart:
            self.ice.restart()
        self.offer = {
            "type": "offer",
            "room": self.room,
            "seat": self.seat,
            "connection": self.connection,
            "offer": plan.number,
            "sdp": self._text(plan),
            "up": plan.up,
            "down": [{"mid": mid, "seat": track.seat, "kind": track.source} for mid, track in plan.down],
        }
        return self.offer

    def _text(self, plan: Plan) -> str:
        credentials = self.ice.credentials
        transport = TransportText(
            credentials.ufrag, credentials.password, self.dtls.fingerprint, tuple(self.board.candidates)
        )
        return write_offer(self._session_id, plan.number, transport, plan.sections)

    def answer(self, number: int, answer: Answer) -> None:
        """Take the answer to the open offer; RelayError changes nothing."""
        if self._fingerprints and answer.fingerprints != self._fingerprints:
            raise RelayError("The browser's certificate may not change.", "bad_sdp")
        if self.negotiation.open is None or number != self.negotiation.open.number:
            raise RelayError("This answer is not to the open offer.", "stale_offer")
        self.board.check_ssrcs(self, {ssrc for section in answer.sections if section.sends for ssrc in section.ssrcs})
        agreed = self.negotiation.accept(number, answer)
        self.offer = None
        self.agreed = agreed.down
        self.announced = agreed.up
        self._nack = agreed.nack
        self._take_tracks()
        if not self._fingerprints:
            self._fingerprints = answer.fingerprints
            self._handshake = self.board.spawn(self._shake_hands(answer))

    def allow(self, may: frozenset[str]) -> None:
        """What the seat may send from now on. The rest stops at once, before the browser hears of it."""
        self._may = may
        self.negotiation.allow(self._offered())
        self._take_tracks()

    def starve(self, now: float) -> None:
        """Its way up is too narrow for pictures: it is offered no section to send them on."""
        self.starved = True
        self.starved_until = now + self._starve_seconds
        self._starve_seconds = min(2 * self._starve_seconds, LONGEST_STARVE_SECONDS)
        self.negotiation.allow(self._offered())

    def feed(self, healed: bool) -> None:
        """Pictures again: its line has healed, or may have."""
        self.starved = False
        if healed:
            self._starve_seconds = STARVE_SECONDS
        self.negotiation.allow(self._offered())

    def _offered(self) -> frozenset[str]:
        return frozenset(source for source in self._may if not self.starved or MEDIA_OF[source] == "audio")

    def _take_tracks(self) -> None:
        up = {source: ssrc for source, ssrc in self.announced.items() if source in self._may}
        for source, track in list(self.tracks.items()):
            if up.get(source) != track.ref.ssrc:
                del self.tracks[source]
                track.attach((), 0.0)
                track.stop_recording()
        for source, ssrc in up.items():
            if source not in self.tracks:
                self.tracks[source] = UpTrack(self, TrackRef(self.seat, source, ssrc))
        for source, track in self.tracks.items():
            track.asks_again = source in self._nack
        self._by_ssrc = {track.ref.ssrc.to_bytes(4, "big"): track for track in self.tracks.values()}

    async def _shake_hands(self, answer: Answer) -> None:
        try:
            self._sessions = await self.dtls.handshake(answer.fingerprints)
            self.mute(self.flood.muted)
        except RelayError as error:
            self.board.failed(self, error)
            return
        if self.state == "new":
            self._become("connected")

    # -- what the port hands in

    def on_check(self, data: bytes, ufrag: bytes, socket: int, address: Address, now: float) -> None:
        reply = self.ice.check(data, ufrag, socket, address, now)
        if reply is None:
            self._counters.dropped += 1
            return
        self.board.directory.senders[socket](reply, address)
        if self.state == "away" and self.ice.path is not None:
            self._become("connected")

    def on_handshake(self, data: bytes, path: Path, now: float) -> None:
        """A DTLS datagram from a proven address. Few come after the handshake; a flood never reaches OpenSSL."""
        if not self._handshakes.take(1.0, now):
            self._counters.dropped += 1
            return
        self.ice.handshake_from(path, now)
        self.dtls.push(data)

    def on_media(self, data: bytes, path: Path, now: float) -> None:
        """The hot path: one SRTP or SRTCP datagram from a proven address."""
        sessions = self._inbound
        if sessions is None or len(data) < 12:
            self._counters.dropped += 1
            return
        if 192 <= data[1] <= 223:
            self._on_rtcp(sessions, data, path, now)
            return
        # Before decryption: libsrtp keeps a stream for good, and searches it, for every SSRC it ever accepted.
        track = self._by_ssrc.get(data[8:12])
        if track is None or data[1] & 0x7F != track.payload_type:
            self._counters.dropped += 1
            return
        try:
            packet = sessions.unprotect(data)
        except SrtpError:
            self._counters.dropped += 1
            return
        if self.ice.path is not path:
            self.ice.media_from(path, now)
        if not self.affords(len(packet), now):
            self._counters.dropped += 1
            return
        self.bytes_in += len(packet)
        track.receive(packet, now)

    def _on_rtcp(self, sessions: Sessions, data: bytes, path: Path, now: float) -> None:
        reporter = data[4:8]
        if reporter not in self._reporters and len(self._reporters) >= MAX_REPORTERS:
            self._counters.dropped += 1
            return
        try:
            packet = sessions.unprotect_rtcp(data)
        except SrtpError:
            self._counters.dropped += 1
            return
        self._reporters.add(reporter)
        if self.ice.path is not path:
            self.ice.media_from(path, now)
        if self.affords(len(packet), now):
            self.policy.received(rtcp.parse(packet), now)

    def affords(self, size: int, now: float) -> bool:
        """What a seat sends comes out of one budget; who goes on beyond it floods."""
        if self._bucket.take(size + PACKET_COST, now):
            return True
        self.flood.denied(now)
        return False

    def affords_again(self, size: int, now: float) -> bool:
        """What it asks for again and gets again comes out of another, and makes nobody a flooder: how many holes there
        are to ask for is up to the sender, who could else have an honest receiver muted."""
        return self._again.take(size + PACKET_COST, now)

    def mute(self, muted: bool) -> None:
        """Whether what the seat sends is dropped unread, its reports too."""
        self._inbound = None if muted else self._sessions

    # -- what goes out

    def send_rtp(self, packet: bytes) -> None:
        path = self.ice.path
        if path is None or self._sessions is None:
            return
        counters = self._counters
        try:
            path.send(self._sessions.protect(packet), path.address)
        except SrtpError:
            counters.dropped += 1
            return
        counters.packets_out += 1
        counters.bytes_out += len(packet)

    def send_rtcp(self, packet: bytes) -> None:
        path = self.ice.path
        if path is None or self._sessions is None:
            return
        try:
            path.send(self._sessions.protect_rtcp(packet), path.address)
        except SrtpError:
            self._counters.dropped += 1

    def _send_dtls(self, data: bytes) -> None:
        path = self.ice.path
        if path is not None:
            path.send(data, path.address)

    # -- receiving others

    def down(self, up: UpTrack) -> DownTrack | None:
        """This seat's end of another's track, made once per SSRC and key; None when there were absurdly many."""
        ssrc = up.ref.ssrc
        down = self.downs.get(ssrc)
        if down is not None and down.up is up:
            return down
        numbers = self._numberings.get(ssrc)
        if numbers is None:
            if len(self._numberings) >= MAX_NUMBERINGS or self._numbered[up.ref.seat] >= MAX_NUMBERINGS_PER_SEAT:
                return None
            self._numbered[up.ref.seat] += 1
            numbers = self._numberings[ssrc] = fresh_numbering()
        numbers.pause()
        down = self.downs[ssrc] = DownTrack(self, up, numbers)
        return down

    def drop_downs(self, kept: set[int]) -> None:
        """Forget the tracks not in `kept`; their numbering stays, so that no number is ever used twice."""
        for ssrc in self.downs.keys() - kept:
            del self.downs[ssrc]

    # -- life

    def tick(self, now: float) -> None:
        if self.state == "connected" and self.ice.expired(now):
            self.ice.revoke()
            self._become("away")

    def close(self) -> None:
        """Let go of everything at once; the goodbye to the browser is sent in the background. Idempotent."""
        if self.state == "closed":
            return
        self._become("closed")
        for track in self.tracks.values():
            track.attach((), 0.0)
            track.stop_recording()  # packets come until the goodbye has been said
        if self._handshake is not None:
            self._handshake.cancel()
        self.board.spawn(self._close())

    async def _close(self) -> None:
        await self.dtls.close()
        self.ice.close()
        self._sessions = self._inbound = None

    def _hung_up(self) -> None:
        self.board.hung_up(self)

    def _become(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.board.state_changed(self)
