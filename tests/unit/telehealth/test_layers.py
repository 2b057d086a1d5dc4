"""The in-memory layer wakes its reader at once, whichever thread sends."""

import asyncio
import time

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.exceptions import ChannelFull

from telehealth.layers import ThreadSafeInMemoryChannelLayer

PROMPT_SECONDS = 30.0


async def test_group_send_from_another_thread_arrives_at_once() -> None:
    layer = ThreadSafeInMemoryChannelLayer()
    channel = await layer.new_channel()
    await layer.group_add("visit.1", channel)
    reading = asyncio.create_task(layer.receive(channel))
    await asyncio.wait([reading], timeout=0)  # Begins to wait, and the loop has nothing else to do.

    def service() -> float:
        async_to_sync(layer.group_send)("visit.1", {"type": "visit.changed"})
        return time.monotonic()

    sent_at = await sync_to_async(service, thread_sensitive=False)()
    assert await asyncio.wait_for(reading, PROMPT_SECONDS) == {"type": "visit.changed"}
    assert time.monotonic() - sent_at < PROMPT_SECONDS


async def test_group_send_after_discard_reaches_nobody() -> None:
    layer = ThreadSafeInMemoryChannelLayer()
    channel = await layer.new_channel()
    await layer.group_add("visit.1", channel)
    await layer.group_discard("visit.1", channel)
    await layer.group_send("visit.1", {"type": "visit.changed"})
    assert not layer.channels


async def test_send_to_a_full_channel_is_refused_from_another_thread_too() -> None:
    layer = ThreadSafeInMemoryChannelLayer(capacity=1)
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "a"})
    await layer.receive(channel)
    await layer.send(channel, {"type": "b"})
    with pytest.raises(ChannelFull):
        await sync_to_async(async_to_sync(layer.send), thread_sensitive=False)(channel, {"type": "c"})


async def test_hints_from_a_thread_are_not_lost() -> None:
    layer = ThreadSafeInMemoryChannelLayer()
    channel = await layer.new_channel()
    await layer.group_add("g", channel)

    def burst() -> None:
        for number in range(50):
            async_to_sync(layer.group_send)("g", {"type": "n", "number": number})

    sending = asyncio.ensure_future(sync_to_async(burst, thread_sensitive=False)())
    numbers = [(await asyncio.wait_for(layer.receive(channel), 30))["number"] for _ in range(50)]
    await sending
    assert numbers == list(range(50))
