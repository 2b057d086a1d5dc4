"""Reading and answering STUN binding requests (RFC 8489, RFC 8445) on top of `aioice.stun`. No state."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from aioice import stun

Address = tuple[str, int] | tuple[str, int, int, int]

_BINDING_REQUEST = b"\x00\x01"
_COOKIE = b"\x21\x12\xa4\x42"
_USERNAME = 0x0006
_MAX_REQUEST = 548
# What aioice raises on malformed input, seen by fuzzing it.
_PARSE_ERRORS = (ValueError, struct.error, IndexError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Request:
    transaction_id: bytes
    nominates: bool


def scan_username(data: bytes) -> bytes | None:
    """Our own user fragment, the part before the colon. Cheap, so that junk costs nothing; proves nothing yet."""
    size = len(data)
    if size < 28 or size > _MAX_REQUEST or data[:2] != _BINDING_REQUEST or data[4:8] != _COOKIE:
        return None
    if (data[2] << 8 | data[3]) != size - 20:
        return None
    at = 20
    while at + 4 <= size:
        kind = data[at] << 8 | data[at + 1]
        length = data[at + 2] << 8 | data[at + 3]
        at += 4
        if kind == _USERNAME:
            local, colon, _ = data[at : at + length].partition(b":")
            return local if colon and at + length <= size else None
        at += (length + 3) & ~3
    return None


def read_request(data: bytes, password: bytes) -> Request | None:
    """The request, if it is whole, with fingerprint, and signed with `password`; None otherwise."""
    try:
        message = stun.parse_message(data)
    except _PARSE_ERRORS:
        return None
    if message.message_method is not stun.Method.BINDING or message.message_class is not stun.Class.REQUEST:
        return None
    if "FINGERPRINT" not in message.attributes or not message.check_message_integrity(password):
        return None
    return Request(message.transaction_id, "USE-CANDIDATE" in message.attributes)


def build_response(request: Request, address: Address, password: bytes) -> bytes:
    """The success response: the address we saw, signed."""
    message = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
    message.attributes["XOR-MAPPED-ADDRESS"] = (address[0].partition("%")[0], address[1])
    message.add_message_integrity(password)
    return bytes(message)
