"""Frames that no client of ours sends: each gets a typed error, and the socket and the process stay up."""

import base64
import json
import logging
import os
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.policy import policies_of
from signaling.messages import ERROR_WORDS, TABLE, Direction, Message, ProtocolError, client_messages, parse
from tests.integration.signaling.house import UNLIMITED, Page, Visit, do, sockets

LONG = os.environ.get("HOUSECALL_LONG") == "1"
FRAMES = 10_000 if LONG else 1_000
PER_EXAMPLE = 50

VISIT = client_messages("visit")
UNREADABLE = {"malformed", "unknown_type", "invalid"}
HANDLED = {*ERROR_WORDS, "visit.not_open", "visit.no_seat", "chat.empty", "chat.unreadable"}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
fields = sorted({name for row in VISIT.values() for name in row.model.model_fields} - {"type"})
types = st.sampled_from(sorted(VISIT))
near_misses = st.builds(
    lambda kind, rest: json.dumps({"type": kind, **rest}),
    types | st.text(max_size=12),
    st.dictionaries(st.sampled_from(fields), values, max_size=4),
)
whole = st.integers()


def still(rest: bytes) -> str:
    return base64.b64encode(b"\xff\xd8\xff" + rest).decode()


valid = st.one_of(
    st.builds(
        lambda tab, seq: {"type": "hello", "protocol": 1, "tab": tab, "chat_seq": seq}, st.uuids(), st.integers()
    ),
    st.builds(
        lambda c, n, s: {"type": "answer", "connection": c, "offer": n, "sdp": s}, st.uuids(), st.integers(), st.text()
    ),
    st.builds(lambda c, body: {"type": "chat", "client_id": c, "body": body}, st.uuids(), st.text()),
    st.builds(lambda seq: {"type": "chat-since", "seq": seq}, whole),
    st.sampled_from([{"type": "connect"}, {"type": "leave"}]),
    st.builds(lambda on: {"type": "share", "on": on}, st.booleans() | st.integers()),
    st.builds(lambda jpeg: {"type": "still", "jpeg": jpeg}, st.binary(max_size=40).map(still) | st.text()),
    st.builds(lambda mic: {"type": "media", "mic": mic, "camera": mic}, st.booleans() | st.integers()),
).map(lambda message: json.dumps(message, default=str))
junk = st.one_of(
    st.text(max_size=200),
    values.map(json.dumps),
    st.sampled_from(
        [
            "",
            "{",
            "[]",
            "null",
            "NaN",
            '{"type":1}',
            '{"type":null}',
            '{"type":"chat","body":"\\ud800","client_id":"7b0c7b0c-7b0c-4b0c-8b0c-7b0c7b0c7b0c"}',
            '{"type":"chat","body":"a\\u0000b","client_id":"7b0c7b0c-7b0c-4b0c-8b0c-7b0c7b0c7b0c"}',
            '{"type":"ping","n":1e400}',
            '{"type":"ping","n":' + "9" * 5_000 + "}",
            '{"type":"hello","type":"ping","n":1}',
            "[" * 60_000,
            '{"a":' * 10_000,
        ]
    ),
)


def mutate(frame: str, at: int, length: int, put: str) -> str:
    """A frame as a broken client or a curious stranger sends it: something cut out, something put in."""
    at %= len(frame)
    return frame[:at] + put + frame[at + length :]


bits = st.sampled_from(
    ['"', "{", "}", "[", ",", ":", "null", "true", "-1", "1e999", "\\u0000", '"type":"leave",', "\x00", "é"]
)
mutated = st.builds(mutate, valid, st.integers(0, 200), st.integers(0, 12), bits | st.text(max_size=3))
frames = junk | near_misses | valid | mutated | mutated | st.binary(max_size=64)


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=FRAMES // PER_EXAMPLE,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(batch=st.lists(frames, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE))
def test_any_frame_is_answered_and_harms_nothing(batch: list[str | bytes], visit: Visit, caplog: Any) -> None:
    import asyncio

    from channels.layers import channel_layers

    async def attack() -> tuple[Page, Any]:
        channel_layers.backends.clear()
        page = await visit.patient_page(sockets(limits=UNLIMITED)).enter()
        for frame in batch:
            await page.say_raw(data=frame) if isinstance(frame, bytes) else await page.say_raw(frame)
        await page.say("ping", n=2**53 - 1)
        pong = await page.hear("pong", lambda m: m["n"] == 2**53 - 1)
        await page.hang_up()
        return page, pong

    with caplog.at_level(logging.ERROR):
        page, pong = asyncio.run(attack())
    assert pong["server_time"]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    codes = [message["code"] for message in page.heard if message["type"] == "error"]
    assert set(codes) <= HANDLED - {"internal"}
    assert sum(code in UNREADABLE for code in codes) == sum(map(unreadable, batch))


def unreadable(frame: str | bytes) -> bool:
    try:
        return isinstance(frame, bytes) or not parse(VISIT, frame)
    except ProtocolError:
        return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", "malformed"),
        ("[]", "malformed"),
        ('{"type":7}', "malformed"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"welcome"}', "unknown_type"),
        ('{"type":"ping"}', "invalid"),
        ('{"type":"ping","n":"1"}', "invalid"),
        ('{"type":"ping","n":true}', "invalid"),
        ('{"type":"ping","n":-1}', "invalid"),
        ('{"type":"ping","n":1.5}', "invalid"),
        ('{"type":"ping","n":1,"role":"practitioner"}', "invalid"),
        ('{"type":"connect","seat":"7b0c7b0c-7b0c-4b0c-8b0c-7b0c7b0c7b0c"}', "invalid"),
    ],
)
async def test_wrong_frame_gets_its_error(visit: Visit, app: Any, frame: str, code: str) -> None:
    page = await visit.patient_page(app).open()
    await page.say_raw(frame)
    error = await page.refused()
    assert error["code"] == code
    assert error["message"] == ERROR_WORDS[code]
    assert (await page.hello())["type"] == "welcome"


@pytest.mark.django_db(transaction=True)
async def test_binary_frame_is_malformed(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).open()
    await page.say_raw(data=b'{"type":"ping","n":1}')
    assert (await page.refused())["code"] == "malformed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("body", "code"), [("", "invalid"), ("x" * 2_001, "invalid"), (" \n ", "chat.empty")])
async def test_chat_that_cannot_be_stored_is_refused(visit: Visit, app: Any, body: str, code: str) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    await page.say("chat", client_id=str(uuid.uuid4()), body=body)
    assert (await page.refused())["code"] == code


@pytest.mark.parametrize("sdp", ["", "x" * 60_001, "v=0\x00", "v=0\x1b", "v=é", 7, None])
def test_answer_with_an_impossible_sdp_is_invalid(sdp: Any) -> None:
    frame = json.dumps({"type": "answer", "connection": str(uuid.uuid4()), "offer": 1, "sdp": sdp})
    with pytest.raises(ProtocolError) as refused:
        parse(VISIT, frame)
    assert (refused.value.code, refused.value.about) == ("invalid", "answer")


# --- the table ---


def test_every_client_message_has_a_declared_policy_and_a_rate() -> None:
    rows = [row for row in TABLE if row.direction is Direction.TO_SERVER]
    assert len(rows) == 22
    assert [row.type for row in rows if row.action is None or not policies_of(row.action) or row.rate is None] == []


def test_every_message_is_strict_and_closed() -> None:
    open_models = [
        row.type
        for row in TABLE
        if row.model.model_config.get("extra") != "forbid" or not row.model.model_config.get("strict")
    ]
    assert open_models == []


def test_every_message_model_is_in_the_table_and_in_the_documentation() -> None:
    from pathlib import Path

    assert set(Message.__subclasses__()) == {row.model for row in TABLE}
    text = (Path(__file__).parents[3] / "docs" / "signaling.md").read_text()
    assert [row.type for row in TABLE if f"`{row.type}`" not in text] == []
    assert [code for code in ERROR_WORDS if f"`{code}`" not in text] == []
