"""Django's ASGI handler, with one hop to a thread where Django's own makes a dozen. Knows no page and no rule."""

from collections.abc import Awaitable, Callable
from typing import Any

import django
from asgiref.sync import AsyncToSync
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase


class PagesHandler(ASGIHandler):
    """What comes first (headers, static files, the gate) runs on the event loop, the rest in one thread in one go.

    Views, forms and the database are synchronous, and so are Django's sessions, CSRF check and messages. Loaded the
    usual way each of those hops to the thread and back on its own, before the view and after it: a third of what a
    request costs. Here the chain is loaded as for a synchronous server, from the view outwards; the gate, which is
    asynchronous only, is where it leaves the thread.
    """

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
