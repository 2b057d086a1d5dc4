"""The doors: a socket's handshake whose Origin is not on the list ends here, and a body larger than any that is taken.

The talk inside a socket is signaling's; what a page takes of a body, its view says.
"""

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


class BodyDoor:
    """Ends a request whose body is larger than `most` bytes: Django would write all of it to disk before any view runs.

    It is answered with 413, at once where the length is said beforehand.
    """

    def __init__(self, app: App, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        said = next((value for name, value in scope.get("headers", ()) if name.lower() == b"content-length"), b"0")
        if not said.isdigit() or int(said[:20]) > self.most:
            await _too_large(send)
            return
        came, is_answered = 0, False

        async def counted() -> dict[str, Any]:
            nonlocal came
            message: dict[str, Any] = await receive()
            came += len(message.get("body", b""))
            return message if came <= self.most else {"type": "http.disconnect"}

        async def answer(message: dict[str, Any]) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        await self.app(scope, counted, answer)
        if came > self.most and not is_answered:
            await _too_large(send)


async def _too_large(send: Callable[..., Any]) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"This is larger than anything that we take."})


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
