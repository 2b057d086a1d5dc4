"""The handler of pages keeps its threads, and no more of them than it says."""

import asyncio

import pytest

from telehealth.handler import KEPT_THREADS, PagesHandler

pytestmark = pytest.mark.django_db(transaction=True)


async def ask(handler: PagesHandler, *, leaving: bool = False) -> int:
    """The status of /healthz, or 0 for who is `leaving` before there is one."""
    told: list[dict[str, object]] = []
    received = asyncio.Event()

    async def receive() -> dict[str, object]:
        if received.is_set():
            if not leaving:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        received.set()
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, object]) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/healthz",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    await handler(scope, receive, send)
    return int(str(told[0]["status"])) if told else 0


@pytest.mark.parametrize(("asked", "kept"), [((1, 1, 1), 1), ((5, 2), 5), ((KEPT_THREADS + 9,), KEPT_THREADS)])
def test_threads_are_kept_for_the_next_request_but_not_those_of_a_rush(asked: tuple[int, ...], kept: int) -> None:
    handler = PagesHandler()

    async def ask_all() -> None:
        for many in asked:
            assert set(await asyncio.gather(*(ask(handler) for _ in range(many)))) == {200}

    asyncio.run(ask_all())
    assert len(handler._idle) == kept
    for thread in handler._idle:
        thread.shutdown()


def test_thread_of_whoever_went_away_is_not_kept_because_it_may_be_at_work_still() -> None:
    handler = PagesHandler()
    asyncio.run(ask(handler, leaving=True))
    assert handler._idle == []
