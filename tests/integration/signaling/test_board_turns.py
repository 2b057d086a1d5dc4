"""Boards of one process are rendered one after the other; those with news before those whose minutes have passed."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from accounts.actors import Actor, system_actor
from signaling import boards
from signaling.limits import Timing
from signaling.messages import QueueNow

# What is read is made up; its thread looks after its connection all the same.
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


class Watcher:
    actor: Actor | None = system_actor("test", None)

    def show(self, board: QueueNow) -> None: ...
    def look_soon(self) -> None: ...


class Feed(boards.Feed):
    """Says which board is rendered instead of reading one."""

    rendered: list[UUID]

    def read(self, actor: Actor) -> boards.Rendered:
        self.rendered.append(self.queue)
        return boards.Rendered(QueueNow(version=len(self.rendered), waiting=0, html=""), frozenset())


def watched(timing: Timing, rendered: list[UUID]) -> Feed:
    feed = Feed(uuid4(), timing, lambda _: None)
    feed.rendered = rendered
    feed.join(Watcher())
    return feed


async def until(true: object) -> None:
    async with asyncio.timeout(20):
        while not true():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_board_with_news_goes_before_one_whose_minutes_have_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[UUID] = []
    clock, soon = asyncio.get_running_loop().time, 0.3
    monkeypatch.setattr(random, "random", lambda: ((5.0 - soon - clock()) % 5.0) / 5.0)
    slow, due = watched(Timing(minutes_every=5.0, clock=clock), rendered), clock() + soon
    quick = watched(Timing(minutes_every=60.0, clock=clock), rendered)
    await until(lambda: {slow.queue, quick.queue} <= set(rendered))
    async with boards._turn():
        seen = len(rendered)
        await until(lambda: clock() > due + 0.05)
        quick.look()
        await until(lambda: clock() > due + 0.2)
    await until(lambda: len(rendered) > seen + 1)
    assert rendered[seen:] == [quick.queue, slow.queue]
    await slow.close()
    await quick.close()


async def test_minutes_of_boards_opened_together_are_told_one_after_the_other() -> None:
    feeds = [watched(Timing(), []) for _ in range(50)]
    waits = sorted(feed._until_minutes() for feed in feeds)
    assert waits[-1] - waits[0] > 10
    assert all(0 < wait <= 20 for wait in waits)
    for feed in feeds:
        await feed.close()
