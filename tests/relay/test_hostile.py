"""Claims a bad client may make during a visit, and consent. Floods of datagrams are test_phases and test_flood."""

import pytest

from relay import rtcp
from relay.limits import MAX_REPORTERS
from relay.peer import Peer as Seat
from tests.relay.house import House
from tests.relay.peer import rtp


async def test_check_with_a_wrong_password_gets_no_answer(house: House) -> None:
    doctor = await house.join("doctor")
    doctor.send_raw(bytes(doctor.request(password="wrong")))
    await doctor.check()
    assert house.relay.board.counters.dropped == 1
    assert len(doctor._waiting) == 0


@pytest.mark.parametrize("forgery", ["other-seats-ssrc", "unknown-ssrc", "other-payload-type", "relays-ssrc"])
async def test_packet_a_seat_did_not_announce_goes_nowhere(house: House, forgery: str) -> None:
    doctor, patient = await house.both()
    guest = await house.join("guest")
    await house.sync()
    await house.settle()
    ssrc = {"other-seats-ssrc": doctor.ssrcs["audio"], "unknown-ssrc": 12345, "relays-ssrc": rtcp.RELAY_SSRC}
    payload_type = 96 if forgery == "other-payload-type" else 111
    patient.send(rtp(ssrc.get(forgery, patient.ssrcs["audio"]), 1, b"forged", payload_type))
    patient.send(rtp(patient.ssrcs["audio"], 2, b"true"))
    await guest.changes.until(lambda: guest.packets)
    assert [p[12:] for p in guest.packets] == [b"true"]


async def test_packets_under_ever_new_ssrcs_are_not_even_decrypted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, patient = await house.both()
    (seat,) = [each for each in seats(house) if each.seat == house.seat("patient")]
    assert seat._sessions is not None
    taken: list[bytes] = []
    for name in ("unprotect", "unprotect_rtcp"):
        open_ = getattr(seat._sessions, name)
        monkeypatch.setattr(seat._sessions, name, lambda data, open_=open_: (taken.append(data), open_(data))[1])
    for turn in range(60):
        for ssrc in range(1000 + turn * 20, 1020 + turn * 20):
            patient.send(rtp(ssrc, 1, b"new"))
            patient.send_report(rtcp.picture_loss(5)[:4] + ssrc.to_bytes(4, "big") + bytes(4))
        await patient.check()
    assert len(taken) <= MAX_REPORTERS
    patient.send(rtp(patient.ssrcs["audio"], 1, b"own"))
    await doctor.changes.until(lambda: doctor.packets)


async def test_ssrc_of_another_seat_is_refused_in_the_answer(house: House) -> None:
    doctor = await house.join("doctor")
    house.tell(patient=True)
    patient = await house.connect("patient")
    patient.ssrcs = dict(doctor.ssrcs)
    house.answer("patient")
    assert (await house.web.expect("error", **house.at("patient")))["code"] == "ssrc_in_use"


async def test_control_feedback_about_tracks_of_others_is_ignored(house: House) -> None:
    doctor, patient = await house.both()
    await house.join("waiting", active=False)
    waiting = house.peers["waiting"]
    before = len(doctor.reports)
    for _ in range(20):
        waiting.send_report(rtcp.receiver_report(()) + rtcp.nack(doctor.ssrcs["camera"], [1]))
        waiting.send_report(rtcp.receiver_report(()) + rtcp.picture_loss(doctor.ssrcs["camera"]))
    await waiting.check()
    assert not any(rtcp.parse(report).key_frames for report in doctor.reports[before:])
    assert patient.packets == []


async def test_seat_that_sends_too_much_is_held_to_its_budget(house: House) -> None:
    doctor, patient = await house.both()
    now = house.clock()
    house.clock = lambda: now  # type: ignore[method-assign]
    house.relay.board.counters.packets_out = 0
    payload = bytes(1100)
    for turn in range(100):
        for number in range(40):
            doctor.send(rtp(doctor.ssrcs["audio"], turn * 40 + number, payload))
        await doctor.check()
    # 4,000 packets cost 1,300 each; a full bucket pays for about 1,530, and it may be filled up once on the way.
    assert house.relay.board.counters.packets_out < 3_200
    assert patient.packets


async def test_consent_expires_and_comes_back_with_a_check(house: House) -> None:
    doctor, patient = await house.both()
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"a"))
    await patient.changes.until(lambda: len(patient.packets) == 1)
    house.skew += 31
    await doctor.check()
    await house.web.expect("seat", state="away", **house.at("patient"))
    doctor.send(rtp(doctor.ssrcs["audio"], 2, b"b"))
    await doctor.check()
    assert house.relay.board.counters.packets_out == 1
    mark = len(house.web.heard)
    await patient.check()
    await house.web.expect("seat", mark, state="connected", **house.at("patient"))
    doctor.send(rtp(doctor.ssrcs["audio"], 3, b"c"))
    await patient.changes.until(lambda: len(patient.packets) == 2)
    assert patient.packets[-1][12:] == b"c"


async def test_check_that_opens_no_path_does_not_bring_a_seat_back(house: House) -> None:
    _, patient = await house.both()  # who has sent nothing yet, so that only a nomination says where to
    house.skew += 31
    mark = len(house.web.heard)
    await house.web.expect("seat", state="away", **house.at("patient"))
    await patient.check(nominate=False)
    await house.sync()
    assert not [m for m in house.web.heard[mark:] if m["type"] == "seat" and m["state"] == "connected"]
    await patient.check()
    await house.web.expect("seat", mark, state="connected", **house.at("patient"))


async def test_ice_restart_goes_on_from_a_new_address_under_the_same_keys(house: House) -> None:
    doctor, patient = await house.both()
    former = patient.credentials
    house.web.send(type="restart-ice", **house.at("patient"))
    await house.sync()
    await house.settle()
    assert patient.credentials != former
    await patient.move()
    await patient.check()
    patient.send(rtp(patient.ssrcs["audio"], 1, b"moved"))
    await doctor.changes.until(lambda: doctor.packets)
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"found"))
    await patient.changes.until(lambda: patient.packets)
    assert (doctor.packets[0][12:], patient.packets[0][12:]) == (b"moved", b"found")


def seats(house: House) -> list[Seat]:
    room = house.relay.board.rooms[house.room]
    return list(room.peers())
