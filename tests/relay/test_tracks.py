"""A track without sockets: what reaches a receiver, again and under which number, and when a key frame is asked for."""

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from relay import rtcp
from relay.limits import AGAIN_BURST, AGAIN_RATE, PACKET_COST, REPAIR_SECONDS, TokenBucket
from relay.negotiation import TrackRef
from relay.peer import Peer as RelayPeer
from relay.receiver import Receiver
from relay.renumber import Renumbering
from relay.seat_rtcp import RtcpPolicy
from relay.tracks import DownTrack, UpTrack
from tests.relay.peer import rtp, video

CAMERA = TrackRef("doctor", "camera", 77)


class Wire:
    """Stands for a connection: keeps what was sent."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.reports: list[bytes] = []
        self.behind = False
        self.send_rtp = self.packets.append
        self.send_rtcp = self.reports.append
        self.bucket = TokenBucket(AGAIN_RATE, AGAIN_BURST, 0.0)

    def affords_again(self, size: int, now: float) -> bool:
        return self.bucket.take(size + PACKET_COST, now)

    def key_frames_asked(self) -> int:
        return sum(CAMERA.ssrc in rtcp.parse(report).key_frames for report in self.reports)


def wire() -> Any:
    return Wire()


class Line:
    """One sender, one receiver, and a clock of their own."""

    def __init__(self, first_out: int = 0) -> None:
        self.sender, self.receiver = wire(), wire()
        self.up = UpTrack(cast(RelayPeer, self.sender), CAMERA)
        self.down = DownTrack(cast(RelayPeer, self.receiver), self.up, Renumbering(first_out))
        self.now = 100.0

    def attach(self, *downs: DownTrack) -> None:
        self.up.attach(downs, self.now)

    def send(self, content: int, key: bool = False) -> None:
        self.up.receive(video(CAMERA.ssrc, content, content.to_bytes(8, "big"), key), self.now)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.up.tick(self.now)


moves = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 200)),
    st.tuples(st.just("lose"), st.integers(1, 200)),
    st.tuples(st.just("late"), st.integers(0, 40)),
    st.tuples(st.just("away"), st.integers(1, 900) | st.integers(65_000, 66_000)),
    st.tuples(st.just("nack"), st.integers(0, 600)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(moves, max_size=25), st.booleans(), st.integers(0, 70_000))
def test_number_sent_again_always_carries_the_same_bytes(
    plan: list[tuple[str, int]], others_stay: bool, content: int
) -> None:
    line = Line()
    other = DownTrack(cast(RelayPeer, wire()), line.up, Renumbering(5))
    line.attach(line.down, other)
    lost: list[int] = []
    for kind, count in plan:
        if kind == "send":
            for number in range(content, content + count):
                line.send(number)
            content += count
        elif kind == "lose":
            lost += range(content, content + count)
            content += count
        elif kind == "late" and lost and content - lost[-1] < 1024:
            line.send(lost.pop(-1 - count % min(len(lost), 20)))
        elif kind == "away":
            # The ring goes on for the other receiver, so that its numbers come round meanwhile.
            line.attach(*([other] if others_stay else []))
            for number in range(content + max(0, count - 700), content + count):
                line.send(number)
            content += count
            line.attach(line.down, other)
        elif kind == "nack" and line.receiver.packets:
            newest = int.from_bytes(line.receiver.packets[-1][2:4], "big")
            line.up.send_again(line.down, [(newest - count) & 0xFFFF], line.now)
    assert_no_number_with_two_contents(line.receiver.packets)


def assert_no_number_with_two_contents(packets: list[bytes]) -> None:
    carried: dict[int, bytes] = {}
    highest = 0
    for packet in packets:
        number = int.from_bytes(packet[2:4], "big")
        index = highest + ((number - highest + 0x8000) & 0xFFFF) - 0x8000
        highest = max(highest, index)
        assert carried.setdefault(index, packet) == packet


def test_nack_after_a_pause_gets_nothing_from_before_it() -> None:
    line = Line()
    other = DownTrack(cast(RelayPeer, wire()), line.up, Renumbering(5))
    line.attach(line.down, other)
    line.send(3)
    line.attach(other)
    for content in range(4, 65_536 + 10):
        line.send(content)
    line.attach(line.down, other)
    line.send(65_536 + 10)
    line.up.send_again(line.down, [0], line.now)
    assert len(line.receiver.packets) == 2


def test_nack_gets_nothing_from_before_a_time_without_receivers() -> None:
    line = Line()
    line.attach(line.down)
    line.send(5)
    line.attach()
    later = 1 << 16  # the sender's numbers have come round while nobody received
    line.attach(line.down)
    for content in (later + 4, later + 6):
        line.send(content)
    line.up.send_again(line.down, [2], line.now)
    line.send(later + 5)
    under_two = [packet[-8:] for packet in line.receiver.packets if packet[2:4] == b"\0\2"]
    assert under_two == [(later + 5).to_bytes(8, "big")]


def test_sender_that_jumps_round_to_a_hole_has_nothing_old_sent_under_its_number() -> None:
    """SRTP follows jumps below 2^15, so a sender can come round within a few packets."""
    line = Line()
    line.attach(line.down)
    for content in (100, 101, 102, 30_000, 60_000, 65_536 + 99, 65_536 + 102):
        line.send(content)
    newest = line.receiver.packets[-1][2:4]
    hole = int.from_bytes(newest, "big") - 1
    line.up.send_again(line.down, [hole], line.now)
    line.send(65_536 + 101)
    under_it = {packet[-8:] for packet in line.receiver.packets if packet[2:4] == hole.to_bytes(2, "big")}
    assert under_it == {(65_536 + 101).to_bytes(8, "big")}


def test_late_packet_under_a_number_that_went_out_is_neither_sent_nor_kept() -> None:
    """What its sender's budget did not pay for moved SRTP's count on, not ours: what is new may look old."""
    line = Line()
    line.attach(line.down)
    for content in range(400):
        line.send(content)
    sent = list(line.receiver.packets)
    for content in (300, 120):  # one that the ring still has, one that it has no longer
        line.send(65_536 + content)
        line.up.send_again(line.down, [int.from_bytes(sent[content][2:4], "big")], line.now)
    assert set(line.receiver.packets) == set(sent)


def test_asking_for_what_is_not_there_is_paid_for_too() -> None:
    line = Line()
    line.attach(line.down)
    line.send(1)
    for _ in range(100):
        line.up.send_again(line.down, list(range(1000, 1256)), line.now)
    assert not line.receiver.affords_again(0, line.now)


def test_new_receiver_asks_for_a_key_frame_at_once_and_again_until_one_comes() -> None:
    line = Line()
    line.attach(line.down)
    assert line.sender.key_frames_asked() == 1
    line.pass_time(1.2)
    assert line.sender.key_frames_asked() == 3
    line.send(1, key=True)
    line.pass_time(5)
    assert line.sender.key_frames_asked() == 3


def test_camera_that_never_answers_is_asked_less_and_less() -> None:
    line = Line()
    line.attach(line.down)
    line.pass_time(3)
    soon = line.sender.key_frames_asked()
    line.pass_time(20)
    assert line.sender.key_frames_asked() - soon <= 10


def test_requests_within_the_throttle_become_one_when_it_ends() -> None:
    line = Line()
    line.attach(line.down)
    line.send(1, key=True)
    line.now += 5
    for _ in range(50):
        line.up.want_key_frame(line.now)
    assert line.sender.key_frames_asked() == 2
    line.pass_time(0.4)
    assert line.sender.key_frames_asked() == 3


def test_voice_is_never_asked_for_a_key_frame() -> None:
    sender = wire()
    up = UpTrack(cast(RelayPeer, sender), TrackRef("doctor", "audio", 5))
    up.attach((DownTrack(cast(RelayPeer, wire()), up, Renumbering(0)),), 1.0)
    up.receive(rtp(5, 1, b"voice"), 1.0)
    assert sender.reports == []


def test_receiver_that_joins_later_gets_the_last_sender_report() -> None:
    line = Line()
    line.up.report = b"report"
    line.attach(line.down)
    assert line.receiver.reports == [b"report"]


def test_estimates_in_a_burst_are_shared_out_once() -> None:
    line = Line()
    told: list[float] = []
    line.sender.policy = SimpleNamespace(tell=told.append)
    peer = cast(RelayPeer, SimpleNamespace(downs={CAMERA.ssrc: line.down}, tracks={}))
    peer.receiver = Receiver(peer)
    policy = RtcpPolicy(peer)
    for bitrate in range(500_000, 500_100):
        policy.received(rtcp.Received(bitrate=bitrate), line.now)
    policy.received(rtcp.Received(bitrate=300_000), line.now + 0.3)
    assert told == [line.now, line.now + 0.3]


def test_long_silence_of_the_senders_line_asks_for_a_key_frame_at_once() -> None:
    line = Line()
    line.attach(line.down)
    line.send(1, key=True)
    line.now += 5
    line.send(100)
    assert line.sender.key_frames_asked() == 1
    line.send(400)
    assert line.sender.key_frames_asked() == 2


def test_receiver_that_asks_for_what_is_gone_gets_a_key_frame() -> None:
    line = Line(first_out=5)
    line.attach(line.down)
    line.send(1, key=True)
    for number in range(2, 601):
        line.send(number)
    line.now += 5
    line.up.send_again(line.down, [600], line.now)
    assert line.sender.key_frames_asked() == 1
    line.up.send_again(line.down, [300], line.now)
    assert line.sender.key_frames_asked() == 2


def asked(line: Line) -> list[list[int]]:
    return [numbers for report in line.sender.reports for _, numbers in rtcp.parse(report).nacks]


def test_gaps_in_a_burst_are_asked_for_together() -> None:
    line = Line()
    line.attach(line.down)
    for content in (1, 3, 5, 7):
        line.send(content)
    assert asked(line) == [[2]]
    line.now += 2 * REPAIR_SECONDS
    line.send(8)
    assert asked(line) == [[2], [4, 6]]


def test_relay_that_is_behind_asks_for_nothing_until_it_has_caught_up() -> None:
    line = Line()
    line.attach(line.down)
    line.sender.behind = True
    line.send(1)
    line.send(3)
    assert asked(line) == []
    line.sender.behind = False
    line.pass_time(0.1)
    assert asked(line) == [[2]]
