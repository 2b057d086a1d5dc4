"""Every bound the relay puts on what others send, and the token bucket. Each bound is applied by its user."""

from __future__ import annotations

MAX_LINE_BYTES = 256 * 1024  # one control-link message
MAX_LINK_BACKLOG_BYTES = 4 * 1024 * 1024  # a web process that does not read is dropped
MAX_LINKS = 64
MAX_FILES = 1024  # the relay needs one for each address and link; seats need none
MAX_LINK_SILENCE_SECONDS = 30.0
MAX_AUTH_BYTES = 1024  # the line with the secret
MAX_STRANGERS = 32  # connections to the TLS port that have not proved the secret
MAX_STRANGERS_PER_HOST = 4  # so that one machine keeps no other out
STRANGER_SECONDS = 5.0
MAX_REFUSED_PER_HOST = 20  # lately; a web process with a wrong secret tries once a second
REFUSED_SECONDS = 5.0

MAX_ROOMS = 1000
MAX_SEATS = 8
MAX_GUARDS = 64  # of a room's seats against floods, those that left included
MAX_RECORDED = 32  # people of one recording; more than seats, since some have left
LONGEST_LEASE_SECONDS = 60.0
MAX_TOMBSTONES = 4096
MAX_EARLY_CONNECTS = 256
EARLY_CONNECT_SECONDS = 5.0

# 8 seats with 3 sources: 3 sections up and at most 2 * 21 down, half of them waiting to be used again. Browsers write
# about 18 lines and 600 bytes a section.
MAX_SDP_SECTIONS = 48
MAX_SDP_BYTES = 64 * 1024
MAX_SDP_LINES = 2000
MAX_SDP_LINE_BYTES = 1024
MAX_SDP_SSRCS = 64  # lines; a browser writes one or two for each section that sends

MAX_DATAGRAM = 1500
MAX_PACKET = 2048  # bytes of one packet that SRTP is asked to open or seal
MAX_PATHS = 8
CONSENT_SECONDS = 30.0  # RFC 7675
HANDSHAKE_SECONDS = 30.0
HANDSHAKE_QUEUE = 16
MAX_NUMBERINGS = 4096  # SSRCs one receiver may ever be sent under one key
MAX_NUMBERINGS_PER_SEAT = 1024  # of them, so that who changes its SSRCs without end uses up its own
MAX_REPORTERS = 1024  # SSRCs one seat may ever send RTCP from; browsers use one for each track they receive

PART_SECONDS = 0.9  # of a recording; looked at ten times a second, so that a part stays below a second
QUIET_SECONDS = 1.0  # in which nothing of a person came: a gap in their recording
SEEK_SECONDS = 3.0  # between key frames of what is recorded: whoever skips waits for the decoding from the last one on
FRESH_SECONDS = 2.0  # since the last sync, in which a room counts as being recorded
FLUSH_SECONDS = 5.0  # for the last parts, when the relay ends

REPAIR_SECONDS = 0.02  # gaps of a track within this time are asked for together
KEY_FRAME_SECONDS = 0.3  # at most one request per track in this time
LAYERS_SECONDS = 3.0  # without an upper temporal layer, until a camera counts as one that has none
RISE_SECONDS = 1.0  # so long the upper layer is waited for; then a key frame is asked for
STARVE_SECONDS = 20.0  # before pictures are tried again up a narrow line that no video comes down; doubled ...
LONGEST_STARVE_SECONDS = 160.0  # ... each time that was in vain
MAX_STILL_BYTES = 8 * 1024
STILL_SECONDS = 1.5  # at most one from a seat in this time
# Powers of two, below the SRTP window of 1,024. At 150 packets a second 256 hold 1.7 s: a NACK that comes later than
# that asks for a picture long gone, and 512 cost each camera 300 KiB more.
RING_PACKETS = {"audio": 128, "video": 256}

# Checks are looked at before anything is proven, so each stage has a bound before the dearer next one.
MAX_ATTRIBUTES = 8  # looked through for the user fragment; browsers write it first
CHECKS_PER_ADDRESS = 60  # a second, of an address that has proven nothing; browsers send at most one in 20 ms
MAX_CHECK_SOURCES = 4096  # such addresses in a second
STRANGE_CHECKS = 500  # a second, for one user fragment from addresses that have proven nothing
OWN_CHECKS_RATE = 100  # a second, signed by the seat: each is answered with a message that is built and signed
OWN_CHECKS_BURST = 200
HANDSHAKE_RATE = 50  # DTLS datagrams a second from proven addresses of a seat
HANDSHAKE_BURST = 100

PATIENCE_RATE = 50  # packets a second that a seat may send beyond its budget ...
PATIENCE_BURST = 200  # ... and this many at once, before it is muted
MUTE_SECONDS = 10.0
FLOOD_MEMORY_SECONDS = 30.0  # who floods again this soon after having been muted is removed
REMOVED_SECONDS = 60.0

PACKET_COST = 200  # a small packet costs the relay about as much as a large one
BUCKET_RATE = 2_000_000  # cost units (bytes plus PACKET_COST) a second: about 12 Mbit/s of video
BUCKET_BURST = 2_000_000
AGAIN_RATE = 1_000_000  # cost units a second for what a seat asks for again: nothing more is answered
AGAIN_BURST = 1_000_000


class TokenBucket:
    """Take freely, refill by the clock: cheap enough to be asked for every packet."""

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled_at = now

    def take(self, cost: float, now: float) -> bool:
        tokens = self._tokens
        if tokens < cost:
            tokens = min(self._burst, tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            if tokens < cost:
                self._tokens = tokens
                return False
        self._tokens = tokens - cost
        return True
