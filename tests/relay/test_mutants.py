"""Real answers and real lines of the control link, changed at random: read, or refused with a typed error."""

import json
import logging
import os
import random
import uuid
from collections import Counter
from typing import Any

import pytest

from relay.answer import parse_answer
from relay.errors import RelayError, SdpError
from relay.negotiation import Negotiation, TrackRef
from relay.sources import ALL
from tests.fuzz.run import CORPUS, mutant
from tests.relay.house import House
from tests.relay.peer import rtp
from tests.relay.recorded import RECIPIENT, recording_wish

LONG = os.environ.get("HOUSECALL_LONG") == "1"
ANSWERS = 5_000 if LONG else 500
LINES = 10_000 if LONG else 1_000
A_TIME = 50
BROWSERS = {path.stem: path.read_bytes() for path in sorted((CORPUS / "answer").glob("*.sdp"))}
TYPED = {
    "bad_message", "unknown_type", "unknown_seat", "unknown_connection", "stale_offer", "bad_sdp", "ssrc_in_use",
    "too_big", "dtls_failed",
}  # fmt: skip
ODD: list[Any] = [None, True, -1, 0, 1 << 60, 1.5, "", "x", "\0", "\ud800", [], [[]], {}, {"type": "rooms"}, "9" * 400]


def offered() -> Negotiation:
    """The offer that the browsers' answers were written to."""
    negotiation = Negotiation(ALL)
    others = (("doctor", "audio"), ("doctor", "camera"), ("guest", "audio"), ("guest", "screen"))
    negotiation.wish(TrackRef(seat, source, number) for number, (seat, source) in enumerate(others))
    negotiation.next_offer()
    return negotiation


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_answer_of_a_browser_agrees_to_everything_offered(browser: str) -> None:
    agreed = offered().accept(1, parse_answer(BROWSERS[browser].decode()))
    assert set(agreed.up) == ALL
    assert len(agreed.down) == 4
    assert agreed.nack == {"camera", "screen"}  # neither keeps NACKs for speech by itself


def by_lines(dice: random.Random, text: str) -> str:
    """Whole lines taken away, doubled, exchanged or cut."""
    lines = text.split("\r\n")
    for _ in range(dice.randint(1, 6)):
        at, to = dice.randrange(len(lines)), dice.randrange(len(lines))
        match dice.randrange(5):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(to, lines[at])
            case 2:
                lines[at], lines[to] = lines[to], lines[at]
            case 3:
                lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]
            case _:
                key, colon, value = lines[at].partition(":")
                lines[at] = key + colon + (str(dice.choice(ODD)) if colon else value)
    return "\r\n".join(lines)


def test_mutated_answers_are_agreed_to_or_one_typed_error() -> None:
    dice, found, seeds = random.Random(31), Counter[str](), list(BROWSERS.values())
    for number in range(ANSWERS):
        if number % 2:
            text = by_lines(dice, dice.choice(seeds).decode())
        else:
            text = mutant(dice, seeds).decode("utf-8", "replace")
        try:
            answer = parse_answer(text)
        except SdpError as error:
            found[error.code] += 1
            continue
        negotiation = offered()
        try:
            negotiation.accept(1, answer)
        except RelayError as error:
            found[error.code] += 1
            assert negotiation.open is not None
        else:
            found["agreed"] += 1
    assert set(found) <= {"bad_sdp", "ssrc_in_use", "agreed"}
    assert min(found["bad_sdp"], found["agreed"]) > ANSWERS / 20  # neither all refused nor all harmless


def odd_fields(dice: random.Random, value: Any) -> Any:
    """A message with a few of its values, at any depth, replaced by odd ones, or gone."""
    if dice.random() < 0.1:
        return dice.choice(ODD)
    if isinstance(value, dict):
        return {name: odd_fields(dice, inner) for name, inner in value.items() if dice.random() < 0.97}
    if isinstance(value, list):
        return [odd_fields(dice, inner) for inner in value for _ in range(dice.choice([1, 1, 1, 0, 2]))]
    return value


def real_lines(house: House, dice: random.Random) -> list[dict[str, Any]]:
    """What a web process says about a room that is being watched, and about one that is not."""
    there, strange = house.at("target"), {"room": house.room, "seat": house.room, "connection": house.room}
    seat = {"seat": house.seat("target"), "active": True, "may": ["audio", "camera"], "figures": True}
    room = {"room": house.seat("x"), "recording": recording_wish({house.seat("target"): RECIPIENT})}
    target = house.peers["target"]
    sdp = by_lines(dice, target.answer()) if dice.random() < 0.5 else dice.choice(list(BROWSERS.values())).decode()
    return [
        {"type": "rooms", "documents": [{**room, "version": 3, "closed": False, "seats": [seat]}]},
        {"type": "connect", **strange},
        {"type": "answer", **there, "offer": house._open("target") or 1, "sdp": sdp},
        {"type": "restart-ice", **dice.choice([there, strange])},
        {"type": "repeat", **dice.choice([there, strange])},
        {"type": "still", **there, "jpeg": "/9j/4AAQ"},
    ]


async def test_mutated_lines_are_obeyed_or_one_typed_error_and_a_call_goes_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    doctor, patient = await house.both()
    other = House(house.relay, house.web, house.control)
    other.tell(target=True)
    target = await other.connect("target")
    dice, mark = random.Random(32), len(house.web.heard)
    with caplog.at_level(logging.ERROR):
        for turn in range(LINES // A_TIME):
            for _ in range(A_TIME):
                message = dice.choice(real_lines(other, dice))
                line = json.dumps(odd_fields(dice, message)).encode()
                house.web.write((line if dice.random() < 0.5 else mutant(dice, [line])).replace(b"\n", b" ") + b"\n")
            other.connections["last"] = str(uuid.UUID(int=turn))
            house.web.send(type="repeat", **{**other.at("last"), "seat": other.seat("target")})
            await house.web.expect("error", mark, code="unknown_connection", connection=other.connections["last"])
            doctor.send(rtp(doctor.ssrcs["audio"], turn, turn.to_bytes(4, "big")))
            await patient.changes.until(lambda turn=turn: len(patient.packets) == turn + 1)
    await target.close()
    codes = Counter(message["code"] for message in house.web.heard[mark:] if message["type"] == "error")
    assert set(codes) <= TYPED, codes
    assert min(codes[code] for code in ("bad_message", "unknown_type", "unknown_connection", "bad_sdp")) > 0, codes
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
