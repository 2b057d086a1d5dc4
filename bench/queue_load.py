"""The queue bench's load, a process of its own: holds the pages of a full house and presses what changes their lines.

It is told what to do line by line on its standard input, and answers each with one line of JSON.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.queue_clinic import COMING, MEMBERS, POOLS, PRACTITIONERS
from bench.queue_socket import Page
from tests.posts import Answer, Poster

LONGEST_OPENING, LONGEST_CHANGE = 75.0, 20.0
Fits = Callable[[dict[str, Any]], bool]


class Change:
    """One press, and who has not been shown yet what it changed."""

    def __init__(self, concerned: dict[Page, Fits]) -> None:
        self.begun = time.perf_counter()
        self.left = concerned
        self.last = self.last_board = 0.0
        self.done = asyncio.Event()
        for page in list(self.left):
            self.look(page)

    def look(self, page: Page) -> None:
        fits = self.left.get(page)
        if fits is not None and fits(page.latest):
            del self.left[page]
            self.last = time.perf_counter()
            if not page.says_hello:
                self.last_board = self.last
        if not self.left:
            self.done.set()


class Load:
    """All pages, by line; and what is pressed on them."""

    def __init__(self, plan: dict[str, Any]) -> None:
        port = plan["port"]
        self.plan, self.people, self.boards = plan, plan["people"], plan["boards"]
        self.pages = [Page(port, f"{one['path']}ws", one["cookie"], says_hello=True) for one in self.people]
        self.board_pages = [Page(port, f"{one['path']}ws", one["cookie"], says_hello=False) for one in self.boards]
        self.everybody = [*self.pages, *self.board_pages]
        self.of_line: dict[int, list[Page]] = {}
        for one, page in zip(self.people, self.pages, strict=True):
            self.of_line.setdefault(one["line"], []).append(page)
        self.changes: set[Change] = set()
        self.news = asyncio.Event()
        self.pressed = 0
        self.refused: Counter[str] = Counter()
        self.tasks: set[asyncio.Task[Any]] = set()
        for page in self.everybody:
            page.on_snapshot = self._shown

    def _shown(self, page: Page) -> None:
        self.news.set()
        for change in self.changes:
            change.look(page)

    # ---- opening ----

    async def open(self, pages: list[Page]) -> dict[str, Any]:
        """All at once; until each has its first snapshot."""
        for page in pages:
            page.is_final = False
            page.open()
        return await self.all_shown(pages, time.perf_counter())

    async def all_shown(self, pages: list[Page], begun: float) -> dict[str, Any]:
        """From the first handshake after `begun` on: before it there was no server."""
        ends = begun + LONGEST_OPENING
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_OPENING):
                while any(page.shown_at <= begun and not page.is_final for page in pages):
                    self.news.clear()
                    await self.news.wait()
        times = sorted(page.shown_at for page in pages if page.shown_at > begun)
        first = min((page.opened_at for page in pages if page.opened_at > begun), default=begun)
        closed = Counter(code for page in pages for code in page.closed_with)
        for page in pages:
            page.closed_with.clear()
        seconds = (times[-1] if len(times) == len(pages) else ends) - first
        return {
            "pages": len(pages),
            "shown": len(times),
            "seconds": seconds,
            "per_s": len(times) / seconds,
            "half_after_s": times[len(times) // 2] - first if times else None,
            "closed": {str(code): count for code, count in closed.items()},
        }

    async def warm(self) -> dict[str, Any]:
        """A few pages and one change of each kind, so that all modules are loaded; then all are closed again."""
        lines = (0, 59, 60)
        pages = [page for line in lines for page in self.of_line[line]] + [self.board_pages[line] for line in lines]
        result = await self.open(pages)
        await self.change(3, 1.0)
        for page in pages:
            page.close()
        return result

    async def rest(self, seconds: float) -> dict[str, Any]:
        """Nobody presses anything; heartbeats only."""
        before = sum(page.pings for page in self.everybody)
        await asyncio.sleep(seconds)
        return {"pings": sum(page.pings for page in self.everybody) - before}

    # ---- changes ----

    async def change(self, count: int, per_second: float) -> dict[str, Any]:
        """So many presses in an open loop, each timed until the last page that it concerns has been shown it."""
        begun, found = time.perf_counter(), []
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
            task = asyncio.create_task(self._timed())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            found.append(task)
        return {"changes": await asyncio.gather(*found), "refused": dict(self.refused)}

    async def _timed(self) -> dict[str, Any]:
        number, self.pressed = self.pressed, self.pressed + 1
        kind, press = (("call", self._call), ("arrive", self._arrive), ("late", self._late))[number % 3]
        concerned, answering = press(number // 3)
        pages = len(concerned)
        change = Change({page: fits for page, fits in concerned.items() if page.shown_at})
        self.changes.add(change)
        try:
            async with asyncio.timeout(LONGEST_CHANGE):
                answer = await answering
                answered = time.perf_counter()
                if answer.status not in (200, 302) or answer.headers.get("location", "").endswith("/login/"):
                    self.refused[f"{kind} {answer.status}"] += 1
                await change.done.wait()
        except TimeoutError:
            self.refused[f"{kind} unseen by {len(change.left)}"] += 1
            change.last = answered = change.begun + LONGEST_CHANGE
        self.changes.discard(change)
        return {
            "kind": kind,
            "pages": pages,
            "ms": (change.last - change.begun) * 1000,
            "board_ms": (change.last_board - change.begun) * 1000,
            "answered_ms": (answered - change.begun) * 1000,
        }

    def _call(self, number: int) -> tuple[dict[Page, Fits], Any]:
        """The first in line is called in: they are in the call, everybody else is one place further on."""
        is_pool = number % 4 == 3
        line = PRACTITIONERS + number // 4 % (len(self.of_line) - PRACTITIONERS) if is_pool else (59 - number) % COMING
        first = next((page for page in self.of_line[line] if self._place(page) == 1), None)
        if first is None:
            self.refused["call nobody"] += 1
            return {}, _nothing()
        concerned: dict[Page, Fits] = {first: lambda visit: visit["status"] == "in-progress"}
        for page in self.of_line[line]:
            if (place := self._place(page)) not in (None, 1):
                concerned[page] = lambda visit, place=place - 1: visit["line"]["position"] == place  # type: ignore[misc]
        concerned |= self._boards(line, -1)
        member = self.boards[self.plan["members"][line][0]]
        path = f"{member['path']}admit/{first.latest['id']}/"
        return concerned, self._staff(member).post(path, {})

    def _arrive(self, number: int) -> tuple[dict[Page, Fits], Any]:
        """Somebody comes in by the door: the others of the line are one more."""
        line = number % COMING
        index = next(index for index, one in enumerate(self.people) if one["line"] == line and not one["is_here"])
        concerned: dict[Page, Fits] = {self.pages[index]: lambda visit: visit["status"] == "arrived"}
        for page in self.of_line[line]:
            if self._place(page) is not None:
                waiting = page.latest["line"]["waiting"] + 1
                concerned[page] = lambda visit, waiting=waiting: visit["line"]["waiting"] == waiting  # type: ignore[misc]
        concerned |= self._boards(line, 1)
        one = self.people[index]
        name, _, value = one["cookie"].partition("=")
        said = {"place": "1 High Street", "callback_phone": "+15550100", "region": "US"}
        return concerned, Poster(self.plan["port"], value, cookie=name).post(f"{one['path']}place/", said)

    def _late(self, number: int) -> tuple[dict[Page, Fits], Any]:
        """A practitioner runs late: everybody in their line is told by how much."""
        # Of practitioners who share no line: a visit that stands in a shared one leaves no pause to be late by.
        line = COMING + number % (PRACTITIONERS - COMING - POOLS * MEMBERS)
        minutes = 5 + number % 7
        concerned: dict[Page, Fits] = {
            page: lambda visit: visit["told"].endswith(f" {minutes}")
            for page in self.of_line[line]
            if self._place(page) is not None
        }
        concerned |= self._boards(line, 0)
        board = self.boards[line]
        return concerned, self._staff(board).post(f"{board['path']}late/", {"minutes": str(minutes)})

    def _boards(self, line: int, more: int) -> dict[Page, Fits]:
        found: dict[Page, Fits] = {}
        for member in self.plan["members"][line]:
            page = self.board_pages[member]
            if page.latest:
                version, waiting = page.latest["version"], page.latest["waiting"] + more
                found[page] = lambda board, v=version, w=waiting: board["version"] > v and board["waiting"] == w  # type: ignore[misc]
        return found

    def _staff(self, board: dict[str, Any]) -> Poster:
        name, _, value = board["cookie"].partition("=")
        return Poster(self.plan["port"], value, cookie=name)

    @staticmethod
    def _place(page: Page) -> int | None:
        if not page.latest:
            return None
        place: int | None = page.latest["line"]["position"]
        return place


async def _nothing() -> Answer:
    return Answer(200, {}, b"")


async def serve(plan: dict[str, Any]) -> None:
    """Do what is said until the input ends."""
    load = Load(plan)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        word, *numbers = line.decode().split()
        match word:
            case "warm":
                result = await load.warm()
            case "open":
                result = await load.open(load.everybody)
            case "back":
                result = await load.all_shown(load.everybody, time.perf_counter())
            case "rest":
                result = await load.rest(float(numbers[0]))
            case "change":
                result = await load.change(int(numbers[0]), float(numbers[1]))
            case _:
                raise SystemExit(f"no such word: {word}")
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(json.loads(Path(sys.argv[1]).read_text())))
