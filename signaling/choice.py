"""On which relay a visit should be. Pure: what is known of the relays in, a name out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

SEATS_OF_A_VISIT = 2


@dataclass(frozen=True)
class Standing:
    """One relay as this process knows it. `seats` and `rooms` are from its last report."""

    name: str
    is_open: bool
    """It is linked and not draining: it takes new rooms."""
    is_kept: bool
    """Its visits stay where they are: it is linked, or was a moment ago, and is not draining."""
    seats: int = 0
    rooms: Collection[UUID] = frozenset()


@dataclass(frozen=True)
class Choice:
    """What a join needs to know: where a visit may stay, and where it goes if it may not."""

    kept: frozenset[str]
    target: str
    """Empty when no relay takes rooms: then a visit stays wherever it is."""

    def of(self, relay: str) -> str:
        """The relay for a visit that the records put on `relay` (empty: on none yet)."""
        return relay if relay in self.kept or not self.target else self.target


def least_loaded(relays: Iterable[Standing], placed: dict[UUID, str]) -> str:
    """The open relay with the fewest seats: those it reported and those of visits it has not heard of yet.

    Of equals the first of the settings. Empty when none is open.
    """
    coming: dict[str, int] = {}
    standings = list(relays)
    known = {relay.name: relay.rooms for relay in standings}
    for room, name in placed.items():
        if room not in known.get(name, ()):
            coming[name] = coming.get(name, 0) + SEATS_OF_A_VISIT
    open_ones = [relay for relay in standings if relay.is_open]
    return min(open_ones, key=lambda relay: relay.seats + coming.get(relay.name, 0)).name if open_ones else ""


def choose(relays: Iterable[Standing], placed: dict[UUID, str]) -> Choice:
    """For a visit whose place only the records know for certain."""
    standings = list(relays)
    kept = frozenset(relay.name for relay in standings if relay.is_kept)
    return Choice(kept, least_loaded(standings, placed))
