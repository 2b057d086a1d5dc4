"""Ids of media connections that any web process can recognise as its own seat's and tab's, without storing them."""

from __future__ import annotations

import os
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "signaling.connections"


def issue(seat: UUID, tab: UUID) -> UUID:
    """A new id: 8 random bytes and 8 bytes of HMAC over them, the seat and the tab."""
    nonce = os.urandom(8)
    return UUID(bytes=nonce + _proof(nonce, seat, tab))


def issued_for(connection: UUID, seat: UUID, tab: UUID) -> bool:
    """True when `issue` made this id for this seat and tab, in whichever process."""
    nonce, proof = connection.bytes[:8], connection.bytes[8:]
    return constant_time_compare(proof, _proof(nonce, seat, tab))


def _proof(nonce: bytes, seat: UUID, tab: UUID) -> bytes:
    return salted_hmac(_SALT, nonce + seat.bytes + tab.bytes, algorithm="sha256").digest()[:8]
