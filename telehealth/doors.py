"""The door of the sockets: a handshake whose Origin is not on the list ends here. The talk inside is signaling's."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from telehealth.origins import Origin, parse_origin

App = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]


class OriginDoor:
    """Lets a WebSocket handshake through whose single Origin header is one of `allowed`, compared part by part.

    A missing, repeated, null or malformed Origin is refused like a foreign one: with 403, before any consumer runs.
    """

    def __init__(self, app: App, allowed: Iterable[str]) -> None:
        self.app = app
        self.allowed = frozenset(origin for text in allowed if (origin := parse_origin(text)))

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if origin_of(scope) in self.allowed:
            await self.app(scope, receive, send)
            return
        await receive()
        # Before `websocket.accept`, a close is answered to the browser as 403.
        await send({"type": "websocket.close", "code": 4003})


def origin_of(scope: dict[str, Any]) -> Origin | None:
    """The handshake's Origin, or None when there is not exactly one that can be read."""
    sent = [value for name, value in scope.get("headers", ()) if name.lower() == b"origin"]
    if len(sent) != 1:
        return None
    try:
        return parse_origin(sent[0].decode("ascii"))
    except UnicodeDecodeError:
        return None


class NoRouteIsAClose:
    """Around the socket router: an address that no socket has is refused as a foreign one is, and never a traceback."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        try:
            await self.app(scope, receive, send)
        except ValueError as error:
            if not str(error).startswith("No route found"):
                raise
            await receive()
            await send({"type": "websocket.close", "code": 4003})
