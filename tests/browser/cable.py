"""A cable between a browser and the house that can be pulled out and put back. Knows nothing of Housecall."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

from tests.browser.house import LOOPBACK
from tests.ports import free_port


class Cable:
    """Whoever calls `port` speaks with `to`, unless it is pulled: then nobody answers."""

    def __init__(self, to: int, loop: asyncio.AbstractEventLoop) -> None:
        self.port = free_port()
        self._to = to
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def put_back(self) -> None:
        self._do(self._listen())

    def pull(self) -> None:
        self._do(self._close())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._talk, LOOPBACK, self.port)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(LOOPBACK, self._to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._writers |= ends
        try:
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        finally:
            self._writers -= ends


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while heard := await reader.read(65536):
            writer.write(heard)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def cable(to: int) -> Iterator[Cable]:
    """A cable that lies there, put in."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Cable(to, loop)
    made.put_back()
    try:
        yield made
    finally:
        made.pull()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
