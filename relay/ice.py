"""ICE-lite for one seat (RFC 8445 §2.5): credentials, proven addresses, consent. Pure: bytes in, an answer out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relay import stun
from relay.limits import (
    CHECKS_PER_ADDRESS,
    CONSENT_SECONDS,
    MAX_CHECK_SOURCES,
    MAX_PATHS,
    OWN_CHECKS_BURST,
    OWN_CHECKS_RATE,
    STRANGE_CHECKS,
    TokenBucket,
)
from relay.stun import Address

Send = Callable[[bytes, Address], None]  # never raises: what cannot be sent is counted as dropped


@dataclass(frozen=True, slots=True)
class Credentials:
    ufrag: str
    password: str

    @classmethod
    def fresh(cls) -> Credentials:
        return cls(secrets.token_hex(8), secrets.token_hex(16))


class Path:
    """An address that proved it knows the seat's password, and the socket it did so on."""

    __slots__ = ("address", "checked_at", "owner", "send", "socket")

    def __init__(self, owner: Any, socket: int, address: Address, send: Send, now: float) -> None:
        self.owner = owner
        self.socket = socket
        self.address = address
        self.send = send
        self.checked_at = now


class CheckGate:
    """How many checks of an address that has proven nothing are looked at in a second. The rest cost this look-up."""

    __slots__ = ("_counts", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._counts: dict[Address, int] = {}

    def admits(self, address: Address, now: float) -> bool:
        if int(now) != self._second:
            self._second = int(now)
            self._counts = {}
        count = self._counts.get(address, 0)
        if count >= CHECKS_PER_ADDRESS or (not count and len(self._counts) >= MAX_CHECK_SOURCES):
            return False
        self._counts[address] = count + 1
        return True


class Directory:
    """Which seat a user fragment or a proven address belongs to. Nothing else is ever let in."""

    def __init__(self, senders: list[Send]) -> None:
        self.senders = senders
        self.gate = CheckGate()
        self.by_ufrag: dict[bytes, Any] = {}
        self.by_address: list[dict[Address, Path]] = [{} for _ in senders]


class IceAgent:
    """The relay's end of one seat's ICE. The browser's candidates are never used: only what checks prove counts."""

    def __init__(self, owner: Any, directory: Directory, now: float) -> None:
        self._owner = owner
        self._directory = directory
        self._paths: dict[tuple[int, Address], Path] = {}
        self._strange = TokenBucket(STRANGE_CHECKS, STRANGE_CHECKS, now)  # checks from addresses that proved nothing
        self._own = TokenBucket(OWN_CHECKS_RATE, OWN_CHECKS_BURST, now)  # checks signed with the seat's password
        self._restarted = False
        self.credentials = Credentials.fresh()
        self._former: Credentials | None = None
        self.checked_at = now
        self.path: Path | None = None  # where to send; None: nowhere
        self._media_seen = False
        self._register(self.credentials)

    def restart(self) -> Credentials:
        """New credentials; the former ones stay good until the new ones are first used."""
        self._forget(self._former)
        self._former = self.credentials
        self.credentials = Credentials.fresh()
        self._register(self.credentials)
        return self.credentials

    def check(self, data: bytes, ufrag: bytes, socket: int, address: Address, now: float) -> bytes | None:
        """Answer a connectivity check, or None. A good one proves the address and renews consent."""
        credentials = self._credentials_for(ufrag)
        if credentials is None:
            return None
        # Cheapest first: a table, a bucket, one HMAC, and only then the parser and an answer. A proven address skips
        # the first two, else whoever forges that address could keep the browser's own checks out.
        if (socket, address) not in self._paths and not (
            self._directory.gate.admits(address, now) and self._strange.take(1.0, now)
        ):
            return None
        password = credentials.password.encode()
        if not stun.is_signed(data, password) or not self._own.take(1.0, now):
            return None
        request = stun.read_request(data, password)
        if request is None:
            return None
        path = self._prove(socket, address, now)
        if path is None:
            return None
        if credentials is self.credentials and self._former is not None:
            self._forget(self._former)
            self._former = None
            self._media_seen = False  # the browser starts afresh, so the next nomination decides
        lapsed = self.path is None and self._media_seen
        if lapsed or (request.nominates and not self._media_seen):
            self.path = path
        self.checked_at = now
        return stun.build_response(request, address, password)

    def media_from(self, path: Path, now: float) -> None:
        """A valid SRTP packet came over `path`: answer there, while consent for that address is fresh."""
        self._media_seen = True
        if _fresh(path, now):
            self.path = path

    def handshake_from(self, path: Path, now: float) -> None:
        """DTLS came over `path` before any nomination: good enough to answer there."""
        if self.path is None and not self._media_seen and _fresh(path, now):
            self.path = path

    def expired(self, now: float) -> bool:
        """Consent is the address's own (RFC 7675): checks from one do not keep media going to another."""
        checked_at = self.checked_at if self.path is None else self.path.checked_at
        return now - checked_at > CONSENT_SECONDS

    def revoke(self) -> None:
        """Consent is gone: stop sending until the next good check."""
        self.path = None

    def close(self) -> None:
        self._forget(self.credentials)
        self._forget(self._former)
        for path in list(self._paths.values()):
            self._drop(path)
        self.path = None

    def _credentials_for(self, ufrag: bytes) -> Credentials | None:
        if ufrag == self.credentials.ufrag.encode():
            return self.credentials
        if self._former is not None and ufrag == self._former.ufrag.encode():
            return self._former
        return None

    def _prove(self, socket: int, address: Address, now: float) -> Path | None:
        path = self._paths.get((socket, address))
        if path is not None:
            path.checked_at = now
            return path
        table = self._directory.by_address[socket]
        other = table.get(address)
        if other is not None:
            # A seat may not take a living seat's address by spoofing a check from there.
            if now - other.checked_at < CONSENT_SECONDS:
                return None
            other.owner.ice._drop(other)
        if len(self._paths) >= MAX_PATHS:
            self._drop(min((p for p in self._paths.values() if p is not self.path), key=lambda p: p.checked_at))
        path = Path(self._owner, socket, address, self._directory.senders[socket], now)
        self._paths[(socket, address)] = path
        table[address] = path
        return path

    def _drop(self, path: Path) -> None:
        self._paths.pop((path.socket, path.address), None)
        table = self._directory.by_address[path.socket]
        if table.get(path.address) is path:
            del table[path.address]
        if self.path is path:
            self.path = None

    def _register(self, credentials: Credentials) -> None:
        self._directory.by_ufrag[credentials.ufrag.encode()] = self._owner

    def _forget(self, credentials: Credentials | None) -> None:
        if credentials is not None:
            self._directory.by_ufrag.pop(credentials.ufrag.encode(), None)


def _fresh(path: Path, now: float) -> bool:
    return now - path.checked_at <= CONSENT_SECONDS
