"""What one socket has been shown of its visit's chat, and what may be shown next: pages, in order, without holes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from signaling.messages import ChatMessages, Message

log = logging.getLogger(__name__)

PAGE = 100
Line = dict[str, Any]


class ChatFeed:
    """`seq` is the highest number the page has. What cannot be shown now, or is more than a page, waits for `again`."""

    def __init__(self, send: Callable[[Message], None], again: Callable[[], None]) -> None:
        self._send = send
        self._again = again
        self.seq = 0

    def begin(self, lines: list[Line], seq: int) -> tuple[list[Line], list[Line]]:
        """For a welcome to a page that has all up to `seq`: the first page, and the rest, to be shown after it."""
        self.seq = seq
        first, rest = lines[:PAGE], lines[PAGE:]
        self._count(first)
        return first, rest

    def go_back(self, seq: int) -> None:
        """The page misses what came after `seq`."""
        self.seq = min(self.seq, seq)

    def show(self, lines: list[Line]) -> None:
        ready = list(self._unbroken(lines))
        for start in range(0, len(ready), PAGE):
            page = ready[start : start + PAGE]
            self._send(ChatMessages(messages=page))
            self._count(page)

    def show_stored(self, line: Line) -> bool:
        """A message that its sender sent twice is shown once more, as proof; False where it is new."""
        if line["seq"] > self.seq:
            return False
        self._send(ChatMessages(messages=[line]))
        return True

    def _unbroken(self, lines: list[Line]) -> Iterable[Line]:
        expected = self.seq + 1
        for line in lines:
            if line["seq"] != expected:
                log.warning("chat.hole")
                self._again()
                return
            yield line
            expected += 1

    def _count(self, lines: list[Line]) -> None:
        if lines:
            self.seq = max(self.seq, lines[-1]["seq"])
            if len(lines) == PAGE:
                self._again()
