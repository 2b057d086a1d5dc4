"""Offers and answers of one seat: one in flight, sections used again, only what was agreed."""

import pytest

from relay.answer import Answer, AnswerSection, Fingerprint
from relay.errors import RelayError
from relay.negotiation import Negotiation, Plan, TrackRef
from relay.sdp import Candidate, TransportText, write_offer

FINGERPRINTS = (Fingerprint("sha-256", "AB"),)
DOCTOR = (TrackRef("doctor", "audio", 11), TrackRef("doctor", "camera", 12))


def answer_to(plan: Plan, sends: dict[str, tuple[int, ...]] | None = None, receives: bool = True) -> Answer:
    sends = {"0": (1001,), "1": (1002,)} if sends is None else sends
    return Answer(
        FINGERPRINTS,
        tuple(
            AnswerSection(
                mid=section.mid,
                media=section.media,
                sends=section.mid in sends,
                receives=receives and section.direction == "sendonly",
                ssrcs=sends.get(section.mid, ()),
                payload_types=frozenset({111} if section.media == "audio" else {96}),
                nack=section.media == "video",
            )
            for section in plan.sections
        ),
    )


def offer(negotiation: Negotiation) -> Plan:
    plan = negotiation.next_offer()
    assert plan is not None
    return plan


def settle(negotiation: Negotiation) -> Plan:
    plan = offer(negotiation)
    negotiation.accept(plan.number, answer_to(plan))
    return plan


def test_first_offer_asks_for_each_source_and_agrees_its_ssrc() -> None:
    negotiation = Negotiation()
    plan = offer(negotiation)
    assert plan.up == {"audio": "0", "camera": "1", "screen": "2"}
    assert negotiation.accept(plan.number, answer_to(plan)).up == {"audio": 1001, "camera": 1002}


def test_answer_tells_of_which_sources_the_browser_sends_again() -> None:
    negotiation = Negotiation()
    plan = offer(negotiation)
    assert negotiation.accept(plan.number, answer_to(plan)).nack == {"camera", "screen"}


def test_change_while_an_offer_is_in_flight_waits_for_its_answer() -> None:
    negotiation = Negotiation()
    plan = offer(negotiation)
    negotiation.wish(DOCTOR)
    assert negotiation.next_offer() is None
    negotiation.accept(plan.number, answer_to(plan))
    assert [track for _, track in offer(negotiation).down] == list(DOCTOR)


def test_nothing_changed_means_no_offer() -> None:
    negotiation = Negotiation()
    settle(negotiation)
    negotiation.wish(())
    assert negotiation.next_offer() is None


def test_track_is_agreed_only_when_its_section_receives() -> None:
    negotiation = Negotiation()
    negotiation.wish(DOCTOR)
    plan = offer(negotiation)
    assert negotiation.accept(plan.number, answer_to(plan, receives=False)).down == frozenset()
    negotiation.restart()
    plan = offer(negotiation)
    assert negotiation.accept(plan.number, answer_to(plan)).down == frozenset(DOCTOR)


def test_two_hundred_joins_and_leaves_do_not_grow_the_offer() -> None:
    negotiation = Negotiation()
    settle(negotiation)
    for turn in range(200):
        negotiation.wish((TrackRef("guest", "audio", 2 * turn), TrackRef("guest", "camera", 2 * turn + 1)))
        settle(negotiation)
        negotiation.wish(())
        settle(negotiation)
    assert negotiation.sections == 5


def test_section_is_not_used_again_before_an_answer_saw_it_inactive() -> None:
    negotiation = Negotiation()
    negotiation.wish(DOCTOR)
    settle(negotiation)
    other = TrackRef("guest", "audio", 31)
    negotiation.wish((other,))
    plan = settle(negotiation)
    assert dict(plan.down) == {"5": other}
    directions = ["recvonly", "recvonly", "recvonly", "inactive", "inactive", "sendonly"]
    assert [s.direction for s in plan.sections] == directions


def test_restart_is_one_offer_and_no_more() -> None:
    negotiation = Negotiation()
    settle(negotiation)
    negotiation.restart()
    assert settle(negotiation).restart
    assert negotiation.next_offer() is None


@pytest.mark.parametrize(
    ("sends", "code"),
    [({"0": (5, 6)}, "bad_sdp"), ({"0": ()}, "bad_sdp"), ({"0": (5,), "1": (5,)}, "ssrc_in_use")],
)
def test_answer_that_sends_ambiguously_is_refused_and_the_offer_stays_open(
    sends: dict[str, tuple[int, ...]], code: str
) -> None:
    negotiation = Negotiation()
    plan = offer(negotiation)
    with pytest.raises(RelayError) as refused:
        negotiation.accept(plan.number, answer_to(plan, sends))
    assert refused.value.code == code
    assert negotiation.open is plan


def test_answer_to_another_offer_is_stale() -> None:
    negotiation = Negotiation()
    plan = offer(negotiation)
    with pytest.raises(RelayError) as refused:
        negotiation.accept(plan.number + 1, answer_to(plan))
    assert refused.value.code == "stale_offer"


@pytest.mark.parametrize("change", ["fewer", "swapped"])
def test_answer_with_other_sections_is_refused(change: str) -> None:
    negotiation = Negotiation()
    plan = offer(negotiation)
    sections = answer_to(plan).sections
    other = sections[:1] if change == "fewer" else sections[::-1]
    with pytest.raises(RelayError):
        negotiation.accept(plan.number, Answer(FINGERPRINTS, other))


def test_offer_text_holds_what_browsers_need() -> None:
    negotiation = Negotiation()
    negotiation.wish(DOCTOR)
    plan = offer(negotiation)
    candidates = (Candidate("127.0.0.1", 40404), Candidate("2001:db8::1", 40404))
    text = write_offer(7, 1, TransportText("uf", "pw", "AB:CD", candidates), plan.sections)
    lines = text.split("\r\n")
    for line in (
        "a=ice-lite",
        "a=group:BUNDLE 0 1 2 3 4",
        "a=setup:actpass",
        "a=fmtp:96 x-google-start-bitrate=1500",
        "a=msid:doctor camera",
        "a=ssrc:12 msid:doctor camera",
        "a=rtcp-fb:96 goog-remb",
        "a=candidate:2 1 udp 2130706175 2001:db8::1 40404 typ host",
    ):
        assert line in lines
    assert "rtx" not in text
    assert "sdes:mid" not in text
    assert (lines.count("a=recvonly"), lines.count("a=sendonly")) == (3, 2)
