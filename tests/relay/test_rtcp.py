"""RTCP bytes, sharing of bandwidth, counting what came up, key frames: the small pure parts."""

import struct

import pytest
from aiortc import rtp as reference
from hypothesis import given
from hypothesis import strategies as st

from relay import bandwidth, rtcp, vp8
from relay.limits import TokenBucket
from relay.uplink import Uplink
from relay.vp8 import starts_key_frame


@given(st.binary(max_size=300))
def test_parsing_any_bytes_raises_nothing(data: bytes) -> None:
    assert isinstance(rtcp.parse(data), rtcp.Received)


@given(st.integers(0, 31), st.integers(192, 223), st.binary(max_size=60))
def test_parsing_any_framed_body_raises_nothing(count: int, kind: int, body: bytes) -> None:
    body += bytes(-len(body) % 4)
    assert isinstance(rtcp.parse(struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body), rtcp.Received)


def test_picture_loss_and_full_intra_request_are_one_wish() -> None:
    fir = struct.pack("!BBHIIIBBH", 0x84, 206, 4, 9, 0, 77, 1, 0, 0)
    assert rtcp.parse(rtcp.picture_loss(66) + fir).key_frames == {66, 77}


@given(st.integers(0, 65535), st.lists(st.integers(1, 40), max_size=30))
def test_nack_names_exactly_the_numbers_given(first: int, gaps: list[int]) -> None:
    numbers = [first]
    for gap in gaps:
        numbers.append((numbers[-1] + gap) & 0xFFFF)
    assert rtcp.parse(rtcp.nack(5, numbers)).nacks == [(5, numbers)]


def test_numbers_asked_for_again_are_bounded_in_one_compound_packet() -> None:
    one = rtcp.nack(5, range(250))
    assert sum(len(numbers) for _, numbers in rtcp.parse(one * 17).nacks) == 256


@given(st.integers(1, 1 << 33))
def test_bitrate_limit_survives_its_packing(bitrate: int) -> None:
    packet = rtcp.bitrate_limit(bitrate, [1, 2])
    assert packet[2:4] == struct.pack("!H", len(packet) // 4 - 1)
    got = rtcp.parse(packet).bitrate
    assert got is not None
    assert bitrate * (1 - 1 / (1 << 16)) <= got <= bitrate
    (parsed,) = reference.RtcpPacket.parse(packet)
    assert isinstance(parsed, reference.RtcpPsfbPacket)
    assert reference.unpack_remb_fci(parsed.fci) == (got, [1, 2])


def test_own_reports_are_read_alike_by_another_implementation() -> None:
    block = rtcp.ReportBlock(7, 12, -3, 70000, 40, 5, 6)
    packets = reference.RtcpPacket.parse(rtcp.receiver_report([block]) + rtcp.description(7, b"name"))
    report, description = packets
    assert isinstance(report, reference.RtcpRrPacket)
    (got,) = report.reports
    assert (got.ssrc, got.fraction_lost, got.packets_lost, got.highest_sequence) == (7, 12, -3, 70000)
    assert isinstance(description, reference.RtcpSdesPacket)
    assert description.chunks[0].items == [(1, b"name")]


def test_sender_report_is_read_with_its_blocks_apart() -> None:
    data = struct.pack("!BBHIIIIII", 0x81, 200, 12, 3, 0x11112222, 0x33334444, 9, 1, 2)
    data += struct.pack("!IIIIII", 8, 64 << 24 | 0xFFFFFE, 70000, 4, 5, 6)
    received = rtcp.parse(data)
    assert received.reports[0].ntp_middle == 0x22223333
    assert received.blocks == {8: rtcp.ReportBlock(8, 64, -2, 70000, 4, 5, 6)}
    assert reference.RtcpPacket.parse(received.reports[0].packet)[0].reports == []


# -- sharing


def test_voices_come_off_the_estimate_and_videos_share_the_rest() -> None:
    assert bandwidth.shares(1_100_000, ["camera", "camera"], 2) == [500_000, 500_000]


def test_screen_comes_first() -> None:
    camera, screen = bandwidth.shares(1_050_000, ["camera", "screen"], 1)
    assert screen == 700_000
    assert camera == 300_000


def test_share_never_falls_below_the_floor() -> None:
    assert bandwidth.shares(10_000, ["camera"], 3) == [bandwidth.FLOOR]


def test_smallest_share_is_the_senders_cap_and_the_relays_own_when_nobody_says() -> None:
    assert bandwidth.cap([900_000, 400_000]) == 400_000
    assert bandwidth.cap([]) == bandwidth.ALONE


# -- counting


def feed(uplink: Uplink, numbers: list[int]) -> list[int]:
    return [number for number in numbers if uplink.packet(number & 0xFFFF, number * 960, number * 0.02)]


def test_gap_is_found_asked_for_a_few_times_and_given_up() -> None:
    uplink = Uplink(48000)
    assert feed(uplink, [65534, 65535, 65538]) == [65538]
    assert uplink.due(1.0) == [0, 1]
    assert uplink.due(1.05) == []
    asked = [bool(uplink.due(1.0 + 0.11 * turn)) for turn in range(1, 8)]
    assert asked == [True] * 4 + [False] * 3
    assert uplink.missing == {}


def test_late_packet_is_no_longer_missing() -> None:
    uplink = Uplink(48000)
    feed(uplink, [1, 2, 5, 3])
    assert uplink.due(1.0) == [4]


def test_long_gap_is_left_to_a_key_frame() -> None:
    uplink = Uplink(90000)
    assert feed(uplink, [1, 400]) == [400]
    assert (uplink.missing, uplink.jumped) == ({}, True)


def test_report_counts_loss_since_the_last_and_in_all() -> None:
    uplink = Uplink(48000)
    feed(uplink, [*range(10), *range(20, 30)])
    first = uplink.block(7, 10.0)
    assert first is not None
    assert (first.fraction_lost, first.packets_lost, first.highest) == (10 * 256 // 30, 10, 29)
    feed(uplink, list(range(30, 40)))
    second = uplink.block(7, 11.0)
    assert second is not None
    assert (second.fraction_lost, second.packets_lost) == (0, 10)


def test_report_shows_the_worst_receivers_loss_when_told() -> None:
    uplink = Uplink(48000)
    feed(uplink, [1, 2, 3])
    block = uplink.block(7, 1.0, floor=40)
    assert block is not None
    assert block.fraction_lost == 40


def test_report_echoes_the_senders_report_and_its_age() -> None:
    uplink = Uplink(48000)
    feed(uplink, [1])
    uplink.sender_report(0xABCD, 10.0)
    block = uplink.block(7, 10.5)
    assert block is not None
    assert (block.last_report, block.delay) == (0xABCD, 32768)


def test_nothing_received_is_not_reported() -> None:
    assert Uplink(48000).block(7, 1.0) is None


# -- key frames


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (b"\x10\x00", True),
        (b"\x10\x01", False),
        (b"\x00\x00", False),
        (b"\x11\x00", False),
        (b"\x90\x80\x81\x23\x00", True),
        (b"\x90\xe0\x81\x23\x05\x40\x00", True),
        (b"\x90\xe0\x81\x23\x05\x40\x01", False),
        (b"\x90\x80\x01\x00", True),
        (b"\x90", False),
        (b"", False),
    ],
)
def test_key_frame_is_told_by_the_payload_descriptor(payload: bytes, key: bool) -> None:
    assert starts_key_frame(bytes(12) + payload) is key


def test_key_frame_is_found_behind_extension_and_sources() -> None:
    packet = b"\x91" + bytes(11) + bytes(4) + b"\xbe\xde\x00\x01" + bytes(4) + b"\x10\x00"
    assert starts_key_frame(packet)


@given(st.binary(max_size=60))
def test_key_frame_in_any_bytes_raises_nothing(data: bytes) -> None:
    assert starts_key_frame(data) in (True, False)


@pytest.mark.parametrize(
    ("payload", "layer"),
    [
        (b"\x90\xe0\x81\x23\x05\x40\x01", (1, False, True)),
        (b"\x90\xe0\x81\x23\x05\x60\x01", (1, True, True)),
        (b"\x80\xe0\x11\x05\x80\x01", (2, False, False)),
        (b"\x90\x20\x40\x01", (1, False, True)),
        (b"\x90\x80\x11\x01", (0, False, False)),  # no layers
        (b"\x10\x01", (0, False, False)),
        (b"\x90\xe0\x81", (0, False, False)),  # cut off
        (b"", (0, False, False)),
    ],
)
def test_temporal_layer_is_read_from_the_payload_descriptor(payload: bytes, layer: tuple[int, bool, bool]) -> None:
    assert vp8.layer(bytes(12) + payload) == layer


@given(st.binary(max_size=60))
def test_layer_in_any_bytes_raises_nothing(data: bytes) -> None:
    assert vp8.layer(data).number in range(4)


def test_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(rate=10, burst=100, now=0.0)
    assert all(bucket.take(10, 0.0) for _ in range(10))
    assert not bucket.take(10, 0.5)
    assert bucket.take(10, 1.0)
    assert not bucket.take(10, 1.0)
    assert sum(bucket.take(10, 1000.0) for _ in range(50)) == 10
