"""Reading and answering STUN binding requests (RFC 8489, RFC 8445) on top of `aioice.stun`. No state."""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass

from aioice import stun

from relay.limits import MAX_ATTRIBUTES

Address = tuple[str, int] | tuple[str, int, int, int]

_BINDING_REQUEST = b"\x00\x01"
_COOKIE = b"\x21\x12\xa4\x42"
_USERNAME = 0x0006
_INTEGRITY = b"\x00\x08\x00\x14"  # with its length
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
    for _ in range(MAX_ATTRIBUTES):
        if at + 4 > size:
            return None
        kind = data[at] << 8 | data[at + 1]
        length = data[at + 2] << 8 | data[at + 3]
        at += 4
        if kind == _USERNAME:
            local, colon, _ = data[at : at + length].partition(b":")
            return local if colon and at + length <= size else None
        at += (length + 3) & ~3
    return None


def is_signed(data: bytes, password: bytes) -> bool:
    """Whether a scanned request carries this password's signature (RFC 8489 §14.5). Costs a tenth of the full parse."""
    at = 20
    for _ in range(2 * MAX_ATTRIBUTES):
        kind = data[at : at + 4]
        if kind == _INTEGRITY:
            head = data[:2] + (at + 4).to_bytes(2, "big")  # the length as if the signature came last
            expected = hmac.digest(password, head + data[4:at], "sha1")
            return hmac.compare_digest(expected, data[at + 4 : at + 24])
        if len(kind) < 4:
            return False
        at += 4 + ((int.from_bytes(kind[2:], "big") + 3) & ~3)
    return False


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
