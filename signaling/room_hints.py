"""Hearing over the channel layer that a room changed, once per process. What is done about it is in fleet.py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer

from consults.hints import ROOMS_GROUP

log = logging.getLogger(__name__)


async def listen(look: Callable[[UUID], None], *, again_after: float) -> None:
    """Never returns. A hint that is lost costs one refresh interval, and so does a layer that is away."""
    while True:
        try:
            layer = get_channel_layer()
            name = await layer.new_channel()
            await layer.group_add(ROOMS_GROUP, name)
            try:
                await _hear(layer, name, look)
            finally:
                with contextlib.suppress(Exception):
                    await layer.group_discard(ROOMS_GROUP, name)
        except Exception:  # noqa: BLE001  Redis away: the refresh goes on without hints
            log.warning("relay.no_hints")
            await asyncio.sleep(again_after)


async def _hear(layer: Any, name: str, look: Callable[[UUID], None]) -> None:
    while True:
        hint = await layer.receive(name)
        with contextlib.suppress(KeyError, ValueError):
            look(UUID(hint["room"]))
