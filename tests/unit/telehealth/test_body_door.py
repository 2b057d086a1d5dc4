"""A request's body is bounded before anything of it is kept."""

import asyncio
from typing import Any

import pytest

from telehealth.doors import BodyDoor


def asked(pieces: list[bytes], *headers: tuple[bytes, bytes], most: int = 10) -> tuple[list[str], list[int]]:
    """What the app inside was given, and the statuses that the door itself answered."""
    given: list[str] = []
    sent: list[int] = []
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in pieces:
            message = await receive()
            given.append(message["type"])
            if message["type"] == "http.disconnect":
                return

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    asyncio.run(BodyDoor(app, most)({"type": "http", "headers": headers}, receive, send))
    return given, sent


def test_body_as_large_as_may_be_comes_through() -> None:
    assert asked([b"12345", b"67890"], (b"content-length", b"10")) == (["http.request"] * 2, [])
    assert asked([b""]) == (["http.request"], [])


@pytest.mark.parametrize("said", [b"11", b"9" * 400, b"-1", b"1e9", "٩".encode()])
def test_body_that_says_it_is_larger_is_answered_with_413_and_not_read(said: bytes) -> None:
    assert asked([b"x"], (b"Content-Length", said)) == ([], [413])


def test_body_that_grows_larger_without_a_word_is_cut_off() -> None:
    assert asked([b"12345"] * 4) == (["http.request", "http.request", "http.disconnect"], [413])
