"""Which bytes a request asks for: Range and If-Range (RFC 9110, 13.1.5 and 14). Opens nothing, answers nothing."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(?:,[ \t]*)*(\d{0,30})-(\d{0,30})[ \t]*(?:,[ \t]*)*", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """So many bytes from `start` on, inside the file."""

    start: int
    length: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


class Unsatisfiable(Exception):  # noqa: N818
    """The range lies outside the file: 416."""


def asked_for(header: str | None, size: int, *, if_range: str | None = None, etag: str = "") -> Span | None:
    """The one range that is asked for, or None where the whole file is the answer.

    What is no single range of bytes is ignored, as a server may (14.2); so is a range of another state of the file
    than the present one, of which a strong tag alone can tell (13.1.5). Raises Unsatisfiable.
    """
    if header is None or (if_range is not None and if_range.strip() != etag):
        return None
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "":
        return None
    first, last = found[1], found[2]
    if first == "":
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Span(int(first), min(int(last) if last else size - 1, size - 1) - int(first) + 1)


def _suffix(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise Unsatisfiable
    length = min(length, size)
    return Span(size - length, length)
