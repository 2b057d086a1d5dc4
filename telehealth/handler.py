"""Django's ASGI handler, with one hop to a thread where Django's own makes a dozen. Knows no page and no rule."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import AsyncToSync, ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase

KEPT_THREADS = 16
"""Threads that wait for the next request; a rush may have more, which end with it."""


class PagesHandler(ASGIHandler):
    """What comes first (headers, static files, the gate) runs on the event loop, the rest in one thread in one go.

    Views, forms and the database are synchronous, and so are Django's sessions, CSRF check and messages. Loaded the
    usual way each of those hops to the thread and back on its own, before the view and after it: a third of what a
    request costs. Here the chain is loaded as for a synchronous server, from the view outwards; the gate, which is
    asynchronous only, is where it leaves the thread.

    Threads are kept from request to request, one for each that is under way. Django's own starts two for each request,
    one to work in and one to end that, and the first finds nothing ready that the database needs.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[ThreadPoolExecutor] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="page")
        # Whoever goes away leaves a thread that may be at work for them still: nobody else shall wait for that.
        is_free = True

        async def heard() -> Any:
            nonlocal is_free
            message = await receive()
            is_free = is_free and message["type"] != "http.disconnect"
            return message

        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, heard, send)
        except BaseException:
            is_free = False
            raise
        finally:
            if is_free and len(self._idle) < KEPT_THREADS:
                self._idle.append(thread)
            else:
                thread.shutdown(wait=False)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)
        chain: Any = self._middleware_chain
        if not isinstance(chain, AsyncToSync):
            raise TypeError("the outermost middleware has to be asynchronous")
        self._middleware_chain: Callable[[HttpRequest], Awaitable[HttpResponseBase]] = chain.awaitable


def application() -> PagesHandler:
    """As `django.core.asgi.get_asgi_application`."""
    django.setup(set_prefix=False)
    return PagesHandler()
