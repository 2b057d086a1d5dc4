"""A real coturn and a real nginx from the files in deploy/, with ports and certificates of the test. Holds no test."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port
from tests.servers import stop

ROOT = Path(__file__).resolve().parents[2]
SECRET = "0123456789abcdef-of-the-tests-0123456789"
TURN_NAME, SITE_NAME = "localhost", "clinic.localhost"
READY_SECONDS = 20.0


def installed(program: str) -> str:
    """Where the program is; servers are often outside the PATH of ordinary users."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    assert found, f"{program} is not installed; ./run test says what to type"
    return found


def primary_address() -> str:
    """This machine's address towards the world: coturn never relays to loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


@dataclass(frozen=True)
class Certificate:
    chain: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """For both names of the tests, signed by itself, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, TURN_NAME)])
    names = [x509.DNSName(TURN_NAME), x509.DNSName(SITE_NAME), x509.IPAddress(ip_address("127.0.0.1"))]
    present = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(present - timedelta(minutes=5)).not_valid_after(present + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = Certificate(folder / "chain.pem", folder / "key.pem")
    made.chain.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    made.key.write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return made


def _changed(line: str, values: dict[str, str]) -> str:
    name, equals, _ = line.partition("=")
    return f"{name}={values[name]}" if equals and name in values else line


@dataclass
class Turn:
    """A running coturn."""

    host: str
    port: int
    tls_port: int
    certificate: Certificate

    @property
    def urls(self) -> list[str]:
        return [
            f"turn:{self.host}:{self.port}?transport=udp",
            f"turn:{self.host}:{self.port}?transport=tcp",
            f"turns:{TURN_NAME}:{self.tls_port}?transport=tcp",
        ]


@contextlib.contextmanager
def turnserver(folder: Path, *, relay_at: str, change: Callable[[str], str] = lambda text: text) -> Iterator[Turn]:
    """coturn from deploy/turnserver.conf: only the lines that are the clinic's to change are changed, then `change`."""
    host = primary_address()
    turn = Turn(host, free_port(host), free_port(), make_certificate(folder))
    first = free_port(host, socket.SOCK_DGRAM) // 200 * 200
    values = {
        "realm": "test",
        "static-auth-secret": SECRET,
        "listening-port": str(turn.port),
        "tls-listening-port": str(turn.tls_port),
        "min-port": str(first),
        "max-port": str(first + 399),
        "cert": str(turn.certificate.chain),
        "pkey": str(turn.certificate.key),
    }
    if os.getuid() != 0:  # only root can become another user
        values |= {"proc-user": getpass.getuser(), "proc-group": grp.getgrgid(os.getgid()).gr_name}
    own = {"listening-ip": [host, "127.0.0.1"], "relay-ip": [host], "allowed-peer-ip": [relay_at]}
    shipped = (ROOT / "deploy" / "turnserver.conf").read_text().splitlines()
    lines = [_changed(line, values) for line in shipped if line.partition("=")[0] not in own]
    lines += [f"{name}={value}" for name, several in own.items() for value in several]
    config = folder / "turnserver.conf"
    config.write_text(change("\n".join(lines) + "\n"))
    command = [installed("turnserver"), "-c", str(config), "--pidfile="]
    with _running(command, folder / "turnserver.log", [(host, turn.port), ("127.0.0.1", turn.tls_port)]):
        yield turn


@contextlib.contextmanager
def nginx(folder: Path, turn: Turn, site_port: int) -> Iterator[int]:
    """nginx from deploy/nginx.conf before that coturn and a site; yields the port that stands for 443."""
    config = folder / "nginx.conf"
    front = free_port()
    config.write_text(nginx_config(folder, turn, site_port, front))
    command = [installed("nginx"), "-c", str(config), "-g", "daemon off;"]
    subprocess.run([*command[:-2], "-t"], check=True, capture_output=True)
    with _running(command, folder / "nginx.log", [("127.0.0.1", front)]):
        yield front


def nginx_config(folder: Path, turn: Turn, site_port: int, front: int) -> str:
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    ours = {
        "turn.example.org": TURN_NAME,
        "clinic.example.org": SITE_NAME,
        "198.51.100.7:5349": f"127.0.0.1:{turn.tls_port}",
        "/etc/nginx/tls/clinic-fullchain.pem": str(turn.certificate.chain),
        "/etc/nginx/tls/clinic-privkey.pem": str(turn.certificate.key),
        "127.0.0.1:5348": f"127.0.0.1:{free_port()}",
        "127.0.0.1:8443": f"127.0.0.1:{free_port()}",
        "127.0.0.1:8000": f"127.0.0.1:{site_port}",
        "listen [::]:443 so_keepalive=60s:10s:3;": "",
        "listen 443": f"listen 127.0.0.1:{front}",
        "listen [::]:80 default_server;": "",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "/run/nginx.pid": str(folder / "nginx.pid"),
        "/var/log/nginx": str(folder),
    }
    for shipped, value in ours.items():
        assert shipped in text, shipped
        text = text.replace(shipped, value)
    return text


@contextlib.contextmanager
def relay_process(folder: Path, host: str) -> Iterator[Path]:
    """A relay at that address; yields its control socket."""
    control = folder / "relay.sock"
    port = free_port(host, socket.SOCK_DGRAM)
    command = [sys.executable, "-m", "relay", "--bind", host, "--port", str(port), "--control", str(control)]
    with _running(command, folder / "relay.log", [], ready=control.exists):
        yield control


@contextlib.contextmanager
def _running(
    command: list[str], log: Path, listens: list[tuple[str, int]], ready: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not (ready() and all(map(_listens, listens))):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.05)
        yield
    finally:
        stop(process)
        assert process.stdin is not None
        process.stdin.close()


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True
