"""What signaling keeps running for the life of a web process, begun and ended by telehealth.asgi."""

from __future__ import annotations

from django.conf import settings

from signaling import boards, fleet, lines
from signaling.relay_link import Trust


async def startup() -> None:
    """Start the links to the relays. A relay that is not there yet is waited for, never an error."""
    lines.begin()
    if fleet.current() is None:
        is_remote = any(relay.is_remote for relay in settings.RELAYS)
        trust = Trust.read(settings.RELAY_SECRET, settings.RELAY_TLS_CA) if is_remote else None
        relays = fleet.RelayFleet(settings.RELAYS, trust=trust)
        fleet.use(relays)
        relays.start()


async def shutdown() -> None:
    """End every task of ours. Idempotent, and nothing of ours runs when it returns."""
    relays = fleet.current()
    fleet.use(None)
    if relays is not None:
        await relays.close()
    await boards.close_all()
    lines.end()


def relay_states() -> dict[str, str]:
    """For /readyz, from any thread: each relay by name, `ready`, `draining` or `lost`."""
    return {name: str(status["state"]) for name, status in fleet.relay_status().items()}
