"""The TLS door of a relay: who has the pinned certificate and the secret comes in; everybody else hears nothing."""

import asyncio
import contextlib
import grp
import json
import os
import re
import shlex
import socket
import ssl
import stat
import subprocess
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay import doors
from relay.config import Config, TlsControl, read_config
from relay.errors import ConfigError
from relay.limits import MAX_STRANGERS_PER_HOST
from relay.server import Relay

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef0123456789abcdef"
PATIENCE = 30.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """By the line of docs/relay.md, for this machine's loopback."""
    [command] = re.findall(r"^openssl req .*$", (ROOT / "docs" / "relay.md").read_text(), re.MULTILINE)
    words = shlex.split(command.replace("192.0.2.2", "127.0.0.1"))
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder / "relay-2.crt", folder / "relay-2.key"


@pytest.fixture
async def relay(certificate: tuple[Path, Path]) -> AsyncIterator[Relay]:
    control = TlsControl("127.0.0.1", 0, *certificate, SECRET)
    async with Relay(Config(("127.0.0.1",), ("127.0.0.1",), 0, control)) as relay:
        yield relay


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "STRANGER_SECONDS", 0.2)


def port(relay: Relay) -> int:
    assert isinstance(relay.door, doors.TlsDoor)
    return relay.door.port


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate[0])
    return context


async def heard(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the relay closes."""
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            return await reader.read()
    return b""


async def shut(writer: asyncio.StreamWriter) -> None:
    """TLS takes its leave before the socket is shut: a loop that ends earlier would leave it open."""
    writer.close()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()


async def test_secret_over_the_pinned_certificate_opens_a_link(relay: Relay, certificate: tuple[Path, Path]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(relay), ssl=trusting(certificate))
    room = str(uuid.uuid4())
    document = {"room": room, "version": 1, "closed": False, "seats": [], "recording": None}
    lines = [{"type": "auth", "secret": SECRET}, {"type": "rooms", "documents": [document]}, {"type": "sync"}]
    writer.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    async with asyncio.timeout(PATIENCE):
        assert json.loads(await reader.readline())["type"] == "hello"
        assert json.loads(await reader.readline())["code"] == "unknown_type"
    assert list(relay.board.rooms) == [room]
    await shut(writer)


@pytest.mark.parametrize(
    "line",
    [
        {"type": "auth", "secret": SECRET[:-1]},
        {"type": "auth", "secret": SECRET + "0"},
        {"type": "auth", "secret": ""},
        {"type": "auth", "secret": None},
        {"type": "auth", "secret": [SECRET]},
        {"type": "auth"},
        {"type": "rooms", "documents": [], "secret": SECRET},
        [SECRET],
        SECRET,
    ],
)
async def test_first_line_without_the_secret_is_closed_and_hears_nothing(
    relay: Relay, certificate: tuple[Path, Path], line: object
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(relay), ssl=trusting(certificate))
    writer.write(json.dumps(line).encode() + b'\n{"type":"rooms","documents":[]}\n')
    assert await heard(reader) == b""
    assert relay.control.open == set()
    await shut(writer)


@pytest.mark.parametrize("junk", [b"\xff\n", b"[" * 1000 + b"\n", b"x" * 5000, b'{"type":"auth","secret":"\xff"}\n'])
async def test_junk_after_the_handshake_is_closed_and_hears_nothing(
    relay: Relay, certificate: tuple[Path, Path], junk: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(relay), ssl=trusting(certificate))
    writer.write(junk)
    assert await heard(reader) == b""
    await shut(writer)


@pytest.mark.parametrize(
    "plain",
    [b'{"type":"auth","secret":"' + SECRET.encode() + b'"}\n', b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" * 999],
)
async def test_plain_tcp_hears_no_word_of_ours(relay: Relay, plain: bytes, impatient: None) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(relay))
    writer.write(plain)
    answer = await heard(reader)
    # A TLS alert is 7 bytes and says nothing but that this was no TLS.
    assert answer == b"" or (answer[0] == 0x15 and len(answer) == 7)
    assert relay.control.open == set()
    await shut(writer)


async def test_who_says_nothing_is_closed_after_a_few_seconds(
    relay: Relay, certificate: tuple[Path, Path], impatient: None
) -> None:
    for tls in (None, trusting(certificate)):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port(relay), ssl=tls)
        except ConnectionError:
            continue  # closed before the handshake was over, on a busy machine
        assert await heard(reader) == b""
        await shut(writer)


async def test_strangers_of_one_machine_are_few_and_keep_no_other_out(
    relay: Relay, certificate: tuple[Path, Path]
) -> None:
    waiting = [await asyncio.open_connection("127.0.0.1", port(relay)) for _ in range(MAX_STRANGERS_PER_HOST)]
    reader, one_more = await asyncio.open_connection("127.0.0.1", port(relay))
    assert await heard(reader) == b""
    elsewhere = socket.create_connection(("127.0.0.1", port(relay)), source_address=("127.0.0.2", 0))
    elsewhere.setblocking(False)
    reader, writer = await asyncio.open_connection(
        sock=elsewhere, ssl=trusting(certificate), server_hostname="127.0.0.1"
    )
    writer.write(json.dumps({"type": "auth", "secret": SECRET}).encode() + b"\n")
    async with asyncio.timeout(PATIENCE):
        assert json.loads(await reader.readline())["type"] == "hello"
    for open_one in (*(stranger for _, stranger in waiting), one_more, writer):
        await shut(open_one)


async def test_stranger_that_is_refused_again_and_again_gets_no_handshake_any_more(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "REFUSED_SECONDS", 3600.0)
    assert isinstance(relay.door, doors.TlsDoor)
    handshakes = 0
    admit = relay.door._admit

    async def counted(transport: asyncio.Transport) -> bool:
        nonlocal handshakes
        handshakes += 1
        return await admit(transport)

    monkeypatch.setattr(relay.door, "_admit", counted)
    monkeypatch.setattr(doors, "MAX_REFUSED_PER_HOST", 3)

    async def knock() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port(relay))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await heard(reader)
        await shut(writer)

    async with asyncio.timeout(PATIENCE):
        for _ in range(10):
            await knock()
            await asyncio.sleep(0)
        assert handshakes < 10
        # Forgotten after a while: here as soon as it is remembered.
        relay.door._refused_lately.clear()
        monkeypatch.setattr(doors, "REFUSED_SECONDS", 0.0)
        first = handshakes
        while handshakes < first + 6:
            await knock()
            await asyncio.sleep(0)


async def test_web_refuses_a_relay_with_another_certificate(
    relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = await asyncio.to_thread(make_certificate, tmp_path_factory.mktemp("other"))
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", port(relay), ssl=trusting(other))


async def test_tls_1_2_is_refused(relay: Relay, certificate: tuple[Path, Path]) -> None:
    context = trusting(certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", port(relay), ssl=context)


@pytest.mark.parametrize(
    ("control", "environment", "words"),
    [
        ("tls://0.0.0.0:40500", {"RELAY_SECRET": "short"}, "RELAY_SECRET"),
        ("tls://0.0.0.0:40500", {"RELAY_SECRET": SECRET}, "RELAY_TLS_CERT"),
        ("tls://0.0.0.0", {"RELAY_SECRET": SECRET}, "tls://address:port"),
        ("tls://h:99999", {"RELAY_SECRET": SECRET}, "tls://address:port"),
        ("tls://relay.example:40500", {"RELAY_SECRET": SECRET}, "tls://address:port"),
        ("tls://:40500", {"RELAY_SECRET": SECRET}, "tls://address:port"),
        ("relay.sock", {"RELAY_DRAIN_SECONDS": "soon"}, "drain"),
        ("relay.sock", {"RELAY_DRAIN_SECONDS": "nan"}, "drain"),
    ],
)
def test_control_that_cannot_work_is_refused_in_words(control: str, environment: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_config(["--bind", "127.0.0.1", "--control", control], environment)


def test_tls_control_is_read_from_the_environment() -> None:
    environment = {"RELAY_CONTROL": "tls://[::1]:40500", "RELAY_SECRET": SECRET}
    config = read_config(["--bind", "127.0.0.1"], environment | {"RELAY_TLS_CERT": "a.crt", "RELAY_TLS_KEY": "a.key"})
    assert config.control == TlsControl("::1", 40500, Path("a.crt"), Path("a.key"), SECRET)
    assert SECRET not in str(config.control)


def test_certificate_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RELAY_TLS_CERT"):
        doors.TlsDoor(TlsControl("127.0.0.1", 0, tmp_path / "no.crt", tmp_path / "no.key", SECRET))


async def test_unix_socket_is_open_to_the_group_that_is_named(tmp_path: Path) -> None:
    path, group = tmp_path / "relay.sock", grp.getgrgid(os.getgid()).gr_name
    async with Relay(Config(("127.0.0.1",), ("127.0.0.1",), 0, path, control_group=group)):
        found = path.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, os.getgid())


async def test_group_that_is_none_refuses_to_start_and_leaves_no_socket(tmp_path: Path) -> None:
    path = tmp_path / "relay.sock"
    with pytest.raises(ConfigError, match="RELAY_CONTROL_GROUP"):
        async with Relay(Config(("127.0.0.1",), ("127.0.0.1",), 0, path, control_group="no-such-group")):
            pass
    assert not path.exists()
