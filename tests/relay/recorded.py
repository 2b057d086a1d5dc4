"""What a relay has recorded, read back as somebody with the keys would: each part opened, proven and taken apart."""

import base64
import hmac
import json
import struct
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())
MAC = bytes(range(32))
RECORDING = str(uuid.UUID(int=77))


def stream_of(seat: str) -> str:
    return str(uuid.uuid5(uuid.UUID(RECORDING), seat))


def recording_wish(people: dict[str, str], recording: str = RECORDING, lease: float = 5) -> dict[str, Any]:
    """A document's `recording`: recipients by seat."""
    return {
        "recording": recording,
        "mac": base64.b64encode(MAC).decode(),
        "lease": lease,
        "people": {seat: {"stream": stream_of(seat), "recipient": key} for seat, key in people.items()},
    }


@dataclass
class Record:
    source: str
    kind: int
    at: int  # Unix µs
    packet: bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.packet[2:4], "big")


@dataclass
class OpenPart:
    header: dict[str, Any]
    records: list[Record]

    @property
    def gaps(self) -> list[str]:
        return [gap["why"] for gap in self.header["gaps"]]


def open_part(sealed: bytes, identity: Any = IDENTITY, mac: bytes = MAC) -> OpenPart:
    plain = pyrage.decrypt(sealed, [identity])
    body, proof = plain[:-32], plain[-32:]
    assert hmac.compare_digest(hmac.digest(mac, body, "sha256"), proof)
    line, _, rest = body.partition(b"\n")
    header = json.loads(line)
    sources = {track["track"]: track["source"] for track in header["tracks"]}
    records = []
    at = 0
    while at < len(rest):
        track, kind, micros, length = struct.unpack_from("!BBIH", rest, at)
        packet = rest[at + 8 : at + 8 + length]
        assert len(packet) == length
        records.append(Record(sources[track], kind, header["began"] + micros, packet))
        at += 8 + length
    return OpenPart(header, records)


def parts(folder: Path, identity: Any = IDENTITY) -> list[OpenPart]:
    """All parts of a stream in order; whatever else lies there fails the test."""
    found = sorted(folder.iterdir()) if folder.exists() else []
    opened = [open_part(path.read_bytes(), identity) for path in found]
    assert [path.name for path in found] == [f"{part.header['number']:08}.age" for part in opened]
    return opened


def packets(folder: Path, kind: int = 0) -> list[bytes]:
    return [record.packet for part in parts(folder) for record in part.records if record.kind == kind]
