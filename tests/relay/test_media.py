"""Media through the relay, between peers over loopback: who hears whom, when, and under which numbers."""

import struct

import pytest

from relay import rtcp
from tests.relay.house import House
from tests.relay.peer import Peer, rtp, video


def ssrc_of(packet: bytes) -> int:
    return int.from_bytes(packet[8:12], "big")


def number_of(packet: bytes) -> int:
    return int.from_bytes(packet[2:4], "big")


async def key_frames_asked(peer: Peer) -> int:
    return sum(peer.ssrcs["camera"] in rtcp.parse(report).key_frames for report in peer.reports)


async def test_two_seats_in_the_call_get_each_others_packets(house: House) -> None:
    doctor, patient = await house.both()
    for number in range(50):
        doctor.send(rtp(doctor.ssrcs["audio"], 65500 + number, b"from the doctor %d" % number))
        patient.send(video(patient.ssrcs["camera"], number, b"from the patient %d" % number))
    await patient.changes.until(lambda: len(patient.packets) == 50)
    await doctor.changes.until(lambda: len(doctor.packets) == 50)
    assert [p[12:] for p in patient.packets] == [b"from the doctor %d" % number for number in range(50)]
    assert {ssrc_of(p) for p in patient.packets} == {doctor.ssrcs["audio"]}
    numbers = [number_of(p) for p in patient.packets]
    assert numbers == list(range(numbers[0], numbers[0] + 50))
    assert numbers[0] < 1 << 15


async def test_payload_and_timestamp_pass_unchanged(house: House) -> None:
    doctor, patient = await house.both()
    sent = rtp(doctor.ssrcs["audio"], 7, b"voice", timestamp=0xFFFF0001)
    doctor.send(sent)
    await patient.changes.until(lambda: patient.packets)
    got = patient.packets[0]
    assert got[:2] == sent[:2]
    assert got[4:] == sent[4:]


async def test_waiting_seat_neither_sends_nor_receives(house: House) -> None:
    doctor = await house.join("doctor")
    patient = await house.join("patient", active=False)
    await house.sync()
    await house.settle()
    assert doctor.offer["down"] == patient.offer["down"] == []
    patient.send(rtp(patient.ssrcs["audio"], 1, b"unheard"))
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"unheard"))
    # The relay has seen both once it answers a later check of each.
    await patient.check()
    await doctor.check()
    assert house.relay.board.counters.packets_out == 0


async def test_admission_adds_sections_and_asks_for_a_key_frame(house: House) -> None:
    doctor = await house.join("doctor")
    patient = await house.join("patient", active=False)
    house.tell(patient=True)
    await house.sync()
    await house.settle()
    assert [(d["seat"], d["kind"]) for d in doctor.offer["down"]] == [
        (house.seat("patient"), "audio"),
        (house.seat("patient"), "camera"),
    ]
    await patient.changes.until(lambda: any(rtcp.parse(report).key_frames for report in patient.reports))
    patient.send(video(patient.ssrcs["camera"], 9, b"picture", key=True))
    await doctor.changes.until(lambda: doctor.packets)
    assert doctor.packets[0][14:] == b"picture"


async def test_nothing_goes_to_a_seat_before_its_answer_holds_the_section(house: House) -> None:
    doctor = await house.join("doctor")
    patient = await house.join("patient")
    await house.sync()
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"early"))
    await doctor.check()
    # The patient's first offer held the doctor's sections; the doctor's next is still unanswered.
    patient.send(video(patient.ssrcs["camera"], 1, b"early"))
    await patient.check()
    assert doctor.packets == []
    await patient.changes.until(lambda: patient.packets)


async def test_seat_that_waits_again_is_cut_off_at_once_and_goes_on_without_a_gap(house: House) -> None:
    doctor, patient = await house.both()
    ssrc = doctor.ssrcs["audio"]
    doctor.send(rtp(ssrc, 100, b"a"))
    await patient.changes.until(lambda: len(patient.packets) == 1)
    house.tell(patient=False)
    await house.sync()
    doctor.send(rtp(ssrc, 101, b"b"))
    await doctor.check()
    house.tell(patient=True)
    await house.sync()
    await house.settle()
    doctor.send(rtp(ssrc, 5102, b"c"))
    await patient.changes.until(lambda: len(patient.packets) == 2)
    assert [p[12:] for p in patient.packets] == [b"a", b"c"]
    assert number_of(patient.packets[1]) == (number_of(patient.packets[0]) + 1) & 0xFFFF


async def test_three_seats_hear_both_others_and_one_may_leave(house: House) -> None:
    doctor, patient = await house.both()
    guest = await house.join("guest")
    await house.sync()
    await house.settle()
    for number, peer in enumerate((doctor, patient, guest)):
        peer.send(rtp(peer.ssrcs["audio"], 1, bytes([number])))
    for number, peer in enumerate((doctor, patient, guest)):
        await peer.changes.until(lambda peer=peer: len(peer.packets) == 2)
        assert {p[12] for p in peer.packets} == {0, 1, 2} - {number}
    await house.leave("guest")
    await house.settle()
    doctor.send(rtp(doctor.ssrcs["audio"], 2, b"still here"))
    await patient.changes.until(lambda: len(patient.packets) == 3)
    assert patient.packets[-1][12:] == b"still here"


async def test_audio_only_seat_is_heard_and_offers_no_camera(house: House) -> None:
    doctor = await house.join("doctor")
    patient = await house.join("patient", peer=Peer(sends=("audio",)))
    await house.sync()
    await house.settle()
    assert [d["kind"] for d in doctor.offer["down"]] == ["audio"]
    patient.send(rtp(patient.ssrcs["audio"], 1, b"voice"))
    await doctor.changes.until(lambda: doctor.packets)
    assert doctor.packets[0][12:] == b"voice"


@pytest.mark.parametrize("source", ["audio", "camera"])
async def test_nack_is_answered_with_the_same_bytes(house: House, source: str) -> None:
    doctor, patient = await house.both()
    ssrc, packet = doctor.ssrcs[source], rtp if source == "audio" else video
    for number in range(20):
        doctor.send(packet(ssrc, 300 + number, b"p%d" % number))
    await patient.changes.until(lambda: len(patient.raw) == 20)
    asked = number_of(patient.packets[5])
    patient.send_report(rtcp.receiver_report(()) + rtcp.nack(ssrc, [asked]))
    await patient.changes.until(lambda: len(patient.raw) == 21)
    assert patient.raw[20] == patient.raw[5]


async def test_gap_coming_up_is_asked_for_and_filled_under_its_own_number(house: House) -> None:
    doctor, patient = await house.both()
    ssrc = doctor.ssrcs["camera"]
    for number in (10, 11, 13):
        doctor.send(video(ssrc, number, b"%d" % number))
    await doctor.changes.until(lambda: any(rtcp.parse(r).nacks == [(ssrc, [12])] for r in doctor.reports))
    doctor.send(video(ssrc, 12, b"12"))
    await patient.changes.until(lambda: len(patient.packets) == 4)
    by_number = sorted(patient.packets, key=number_of)
    assert [p[14:] for p in by_number] == [b"10", b"11", b"12", b"13"]


@pytest.mark.parametrize("kept", [True, False])
async def test_lost_speech_is_asked_for_only_where_the_answer_kept_nack(house: House, kept: bool) -> None:
    doctor = Peer()
    doctor.nack = {"audio", "video"} if kept else {"video"}
    await house.join("doctor", peer=doctor)
    await house.join("patient")
    await house.sync()
    await house.settle()
    for number in (10, 11, 13):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"%d" % number))
        doctor.send(video(doctor.ssrcs["camera"], number, b"%d" % number))
    # The camera's gap comes after that of the voice: what was to be asked of the voice has been asked by then.
    await doctor.changes.until(lambda: (doctor.ssrcs["camera"], [12]) in nacks_heard(doctor))
    assert ((doctor.ssrcs["audio"], [12]) in nacks_heard(doctor)) is kept


def nacks_heard(peer: Peer) -> list[tuple[int, list[int]]]:
    return [nack for report in peer.reports for nack in rtcp.parse(report).nacks]


async def test_picture_requests_of_a_receiver_are_throttled(house: House) -> None:
    doctor, patient = await house.both()
    ssrc = doctor.ssrcs["camera"]
    doctor.send(video(ssrc, 1, b"x", key=True))
    await patient.changes.until(lambda: patient.packets)
    before = await key_frames_asked(doctor)
    house.stand_still()
    request = rtcp.receiver_report(()) + rtcp.picture_loss(ssrc)
    for _ in range(200):
        patient.send_report(request)
    await patient.check()
    await doctor.check()
    assert await key_frames_asked(doctor) - before <= 2


async def test_sender_report_passes_with_its_blocks_stripped(house: House) -> None:
    doctor, patient = await house.both()
    ssrc = doctor.ssrcs["audio"]
    block = struct.pack("!IIIIII", patient.ssrcs["audio"], 0, 0, 0, 0, 0)
    report = struct.pack("!BBHIQIII", 0x81, 200, 12, ssrc, 0x1122334455667788, 99, 3, 4) + block
    doctor.send_report(report + rtcp.description(ssrc, b"name"))
    await patient.changes.until(lambda: any(rtcp.parse(r).reports for r in patient.reports))
    passed = next(r for r in patient.reports if rtcp.parse(r).reports)
    assert passed[0] == 0x80
    assert passed[4:28] == report[4:28]
    assert rtcp.parse(passed).cnames == {ssrc: b"name"}


async def test_receivers_estimate_reaches_the_sender_as_its_limit(house: House) -> None:
    doctor, patient = await house.both()
    doctor.send(video(doctor.ssrcs["camera"], 1, b"x"))
    await patient.changes.until(lambda: patient.packets)
    patient.send_report(rtcp.receiver_report(()) + rtcp.bitrate_limit(850_000, [doctor.ssrcs["camera"]]))
    # 850 less 50 for the doctor's voice is for the picture; the doctor may send that and the voice.
    await doctor.changes.until(lambda: any(_near(rtcp.parse(r).bitrate, 850_000) for r in doctor.reports))
    assert doctor.reports


def _near(value: int | None, wanted: int) -> bool:
    return value is not None and abs(value - wanted) < wanted * 0.01


async def test_ssrc_that_comes_back_goes_on_under_numbers_never_used(house: House) -> None:
    doctor, patient = await house.both()
    ssrcs = dict(patient.ssrcs)
    used: list[int] = []
    for turn in range(3):
        for number in range(5):
            patient.send(rtp(ssrcs["audio"], number, b"%d" % turn))
        await doctor.changes.until(lambda turn=turn: len(doctor.packets) == 5 * (turn + 1))
        used = [number_of(packet) for packet in doctor.packets]
        await house.leave("patient")
        await house.settle()
        again = Peer()
        again.ssrcs = ssrcs
        patient = await house.join("patient", peer=again)
        await house.sync()
        await house.settle()
    assert used == list(range(used[0], used[0] + 15))
