"""The channel layer of a single process: channels' in-memory layer, made safe to send to from any thread."""

import asyncio
from typing import Any

from channels.layers import InMemoryChannelLayer


class ThreadSafeInMemoryChannelLayer(InMemoryChannelLayer):
    """Hops to the loop that receives before it touches a queue.

    Services run in threads with loops of their own (`async_to_sync`); an asyncio.Queue filled from there does not wake
    its reader until the reader's loop happens to turn.
    """

    home: asyncio.AbstractEventLoop | None = None

    async def receive(self, channel: str) -> Any:
        self.home = asyncio.get_running_loop()
        return await super().receive(channel)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._at_home(super().send, channel, message)

    async def group_add(self, group: str, channel: str) -> None:
        await self._at_home(super().group_add, group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._at_home(super().group_discard, group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._at_home(super().group_send, group, message)

    async def _at_home(self, act: Any, *args: Any) -> None:
        home = self.home
        if home is None or home is asyncio.get_running_loop() or not home.is_running():
            await act(*args)
            return
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(act(*args), home))
