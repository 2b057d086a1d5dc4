"""Control messages and configuration: read into types or refused, typed."""

import base64
import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage import x25519

from relay import config
from relay.config import read_config
from relay.documents import AnswerText, Connect, PersonWish, RecordingWish, Rooms, SeatWish, parse_line
from relay.errors import ConfigError, MessageError

ROOM, SEAT, CONNECTION = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
AT = {"room": ROOM, "seat": SEAT, "connection": CONNECTION}
WISH: dict[str, Any] = {"active": True, "may": ["audio", "screen"], "figures": True}
DOCUMENT = {"room": ROOM, "version": 3, "closed": False, "seats": [{"seat": SEAT, **WISH}], "recording": None}
STREAM, RECORDING = (str(uuid.UUID(int=number)) for number in (4, 5))
PERSON = {"stream": STREAM, "recipient": str(x25519.Identity.generate().to_public())}
RECORDED = {"recording": RECORDING, "mac": base64.b64encode(bytes(32)).decode(), "lease": 5, "people": {SEAT: PERSON}}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def line(**message: Any) -> bytes:
    return json.dumps(message).encode()


def test_room_document_is_read() -> None:
    message = parse_line(line(type="rooms", documents=[DOCUMENT]))
    assert isinstance(message, Rooms)
    (document,) = message.documents
    assert (document.room, document.version, document.closed, document.seats) == (
        ROOM,
        3,
        False,
        {SEAT: SeatWish(True, frozenset({"audio", "screen"}), True)},
    )


def test_recording_of_a_document_is_read() -> None:
    message = parse_line(line(type="rooms", documents=[{**DOCUMENT, "recording": RECORDED}]))
    assert isinstance(message, Rooms)
    person = PersonWish(STREAM, PERSON["recipient"])
    assert message.documents[0].recording == RecordingWish(RECORDING, bytes(32), 5.0, {SEAT: person})
    assert "mac" not in repr(message)


@pytest.mark.parametrize(
    "change",
    [
        {"recording": ROOM.upper().replace("0", "A")},
        {"recording": f"../{RECORDING}"},
        {"mac": None},
        {"mac": base64.b64encode(bytes(31)).decode()},
        {"mac": base64.b64encode(bytes(33)).decode()},
        {"mac": "A" * 43 + "!"},
        {"mac": "Ä" * 44},
        {"lease": 0},
        {"lease": -1},
        {"lease": True},
        {"lease": "5"},
        {"lease": 1e9},
        {"lease": float("nan")},
        {"people": []},
        {"people": {"seat": PERSON}},
        {"people": {SEAT: None}},
        {"people": {SEAT: {**PERSON, "stream": "../../x"}}},
        {"people": {SEAT: {**PERSON, "recipient": None}}},
        {"people": {SEAT: {**PERSON, "recipient": "age1" + "q" * 58}}},
        {"people": {SEAT: {**PERSON, "recipient": PERSON["recipient"].upper()}}},
        {"people": {SEAT: PERSON, ROOM: PERSON}},
        {"people": {str(uuid.UUID(int=n)): {**PERSON, "stream": str(uuid.UUID(int=n))} for n in range(33)}},
    ],
)
def test_bad_recording_costs_its_document_and_no_other(change: dict[str, Any]) -> None:
    documents = [{**DOCUMENT, "recording": {**RECORDED, **change}}, DOCUMENT]
    message = parse_line(line(type="rooms", documents=documents))
    assert isinstance(message, Rooms)
    assert len(message.documents) == len(message.refused) == 1


def test_document_that_says_nothing_of_a_recording_is_refused() -> None:
    silent = {name: value for name, value in DOCUMENT.items() if name != "recording"}
    message = parse_line(line(type="rooms", documents=[silent, {**DOCUMENT, "recording": 5}]))
    assert isinstance(message, Rooms)
    assert (message.documents, len(message.refused)) == ((), 2)


@given(anything, anything)
def test_any_recording_is_read_or_refused(first: object, second: object) -> None:
    for recording in (first, {**RECORDED, "lease": first, "people": second}, {**RECORDED, "people": {SEAT: first}}):
        message = parse_line(
            json.dumps({"type": "rooms", "documents": [{**DOCUMENT, "recording": recording}]}).encode()
        )
        assert isinstance(message, Rooms)
        assert len(message.documents) + len(message.refused) == 1


def test_connect_and_answer_are_read() -> None:
    assert isinstance(parse_line(line(type="connect", **AT)), Connect)
    answer = parse_line(line(type="answer", offer=2, sdp="v=0", **AT))
    assert isinstance(answer, AnswerText)
    assert (answer.offer, answer.sdp, answer.at.seat) == (2, "v=0", SEAT)


@pytest.mark.parametrize(
    "change",
    [
        {"room": 5},
        {"room": "not-a-uuid"},
        {"room": ROOM.upper().replace("0", "A")},
        {"version": -1},
        {"version": True},
        {"version": 1.5},
        {"version": 1 << 60},
        {"closed": "no"},
        {"seats": {}},
        {"seats": [{"seat": SEAT}]},
        {"seats": [{**WISH, "seat": SEAT, "active": 1}]},
        {"seats": [{"seat": SEAT, "active": True, "may": []}]},
        {"seats": [{"seat": SEAT, "active": True, "figures": False}]},
        {"seats": [{**WISH, "seat": SEAT, "figures": None}]},
        {"seats": [{**WISH, "seat": SEAT, "may": "audio"}]},
        {"seats": [{**WISH, "seat": SEAT, "may": ["audio", "keyboard"]}]},
        {"seats": [{**WISH, "seat": SEAT, "may": [["audio"]]}]},
        {"seats": [{**WISH, "seat": SEAT, "may": ["audio"] * 4}]},
        {"seats": [5]},
        {"seats": [{**WISH, "seat": str(uuid.UUID(int=n))} for n in range(9)]},
    ],
)
def test_bad_document_is_refused_and_its_neighbour_kept(change: dict[str, Any]) -> None:
    message = parse_line(line(type="rooms", documents=[{**DOCUMENT, **change}, DOCUMENT]))
    assert isinstance(message, Rooms)
    assert len(message.documents) == len(message.refused) == 1


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"\xff\xfe",
        b"[" * 100_000,
        line(type="nonsense"),
        line(type=[]),
        line(),
        line(type="rooms", documents=5),
        line(type="rooms", documents=[DOCUMENT] * 1001),
        line(type="connect", room=ROOM, seat=SEAT),
        line(type="answer", offer="1", sdp="", **AT),
        line(type="answer", offer=1, sdp=None, **AT),
        b'{"type":"answer","offer":' + b"9" * 5000 + b"}",
    ],
)
def test_junk_line_is_one_typed_error(junk: bytes) -> None:
    with pytest.raises(MessageError):
        parse_line(junk)


@given(st.sampled_from(["rooms", "connect", "answer", "restart-ice", "repeat"]), anything, anything)
def test_any_fields_are_read_or_refused(kind: str, first: object, second: object) -> None:
    message = {"type": kind, "documents": [first], **AT, "offer": second, "sdp": first}
    try:
        parsed = parse_line(json.dumps(message).encode())
    except MessageError:
        return
    assert parsed is not None


# -- configuration


def test_defaults_are_loopback_and_the_primary_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "primary_address", lambda: "192.0.2.44")
    read = read_config([], {})
    assert read.bind == read.announce == ("127.0.0.1", "192.0.2.44")
    assert (read.port, read.control) == (40404, Path("var/relay.sock"))


def test_default_without_network_is_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "primary_address", lambda: None)
    assert read_config([], {}).bind == ("127.0.0.1",)


def test_flags_win_over_the_environment() -> None:
    environment = {"RELAY_BIND": "192.0.2.1,::1", "RELAY_ANNOUNCE": "198.51.100.1,2001:db8::1", "RELAY_PORT": "0"}
    read = read_config(["--port", "5000", "--control", "/run/x.sock"], environment)
    assert read.bind == ("192.0.2.1", "::1")
    assert read.announce == ("198.51.100.1", "2001:db8::1")
    assert (read.port, read.control) == (5000, Path("/run/x.sock"))


@pytest.mark.parametrize(
    "flags",
    [
        ["--bind", "127.0.0.1", "--announce", "192.0.2.1,192.0.2.2"],
        ["--bind", "localhost"],
        ["--bind", "0.0.0.0"],
        ["--bind", "::"],
        ["--bind", "127.0.0.1,127.0.0.1"],
        ["--bind", "127.0.0.1", "--port", "70000"],
        ["--bind", "127.0.0.1", "--port", "-1"],
        ["--bind", "127.0.0.1", "--port", "x"],
    ],
)
def test_bad_configuration_is_refused(flags: list[str]) -> None:
    with pytest.raises(ConfigError):
        read_config(flags, {})


def test_importing_the_relay_loads_no_web_framework() -> None:
    script = "import sys, relay.server; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"django", "channels", "celery", "redis"} & set(eval(done.stdout))
