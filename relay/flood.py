"""A seat that goes on beyond its budget: muted for a while, then removed. Pure; the budget is the peer's bucket."""

from __future__ import annotations

from typing import Literal

from relay.limits import FLOOD_MEMORY_SECONDS, MUTE_SECONDS, PATIENCE_BURST, PATIENCE_RATE, TokenBucket

Verdict = Literal["mute", "unmute", "remove"]


class FloodGuard:
    """Counts only packets that were the seat's own beyond doubt: nobody else can have it muted."""

    __slots__ = ("_exhausted", "_muted_until", "_patience", "_remembered_until")

    def __init__(self, now: float) -> None:
        self._patience = TokenBucket(PATIENCE_RATE, PATIENCE_BURST, now)
        self._exhausted = False
        self._muted_until: float | None = None
        self._remembered_until = -1.0

    @property
    def muted(self) -> bool:
        return self._muted_until is not None

    def denied(self, now: float) -> None:
        """One more packet that the seat's budget did not pay for."""
        if not self._patience.take(1.0, now):
            self._exhausted = True

    def verdict(self, now: float) -> Verdict | None:
        """What to do now, if anything. Asked for often."""
        if self._muted_until is not None:
            if now < self._muted_until:
                return None
            self._muted_until = None
            self._exhausted = False
            self._remembered_until = now + FLOOD_MEMORY_SECONDS
            self._patience = TokenBucket(PATIENCE_RATE, PATIENCE_BURST, now)
            return "unmute"
        if not self._exhausted:
            return None
        if now < self._remembered_until:
            return "remove"
        self._muted_until = now + MUTE_SECONDS
        return "mute"
