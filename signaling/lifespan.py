"""What signaling keeps running for the life of a web process, begun and ended by telehealth.asgi."""

from __future__ import annotations

from django.conf import settings

from signaling import boards, relay_link


async def startup() -> None:
    """Start the link to the relay. A relay that is not there yet is waited for, never an error."""
    if relay_link.current() is None:
        link = relay_link.RelayLink(settings.RELAY_CONTROL)
        relay_link.use(link)
        link.start()


async def shutdown() -> None:
    """End every task of ours. Idempotent, and nothing of ours runs when it returns."""
    link = relay_link.current()
    relay_link.use(None)
    if link is not None:
        await link.close()
    await boards.close_all()


def is_linked() -> bool:
    """For /readyz, from any thread: whether this process has a link to the relay now."""
    return bool(relay_link.relay_status()["state"] == "ready")
