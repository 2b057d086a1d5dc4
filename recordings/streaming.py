"""Bytes of sealed files as an HTTP answer: whole or one range, opened block by block, nothing kept anywhere.

Who may have them is asked by the view before, and by `still_may` again while a long answer runs.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from recordings.ranges import Span, Unsatisfiable, asked_for

# Media elements ask for all that is left and read as they play. A shorter answer to that is allowed (RFC 9110, 15.3.7),
# and frees the connection: a browser has six to a host, and a recording may have more files.
LONGEST_OPEN_RANGE = 4 * 1024 * 1024
ASK_AGAIN_SECONDS = 1.0
# Opening a block takes a thread for a millisecond or two; players wait for each other no longer than that.
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="recording")

Chunks = Callable[[Span], Iterator[bytes]]


class NoLongerAllowed(Exception):  # noqa: N818
    """The answer breaks off: what was allowed when it began is not any more."""


def answer(
    request: HttpRequest, *, size: int, etag: str, content_type: str, chunks: Chunks, still_may: Callable[[], bool]
) -> HttpResponseBase:
    """200, 206 or 416, as the request asks; for HEAD the same without a body (a Range counts with GET only)."""
    header = request.headers.get("Range") if request.method == "GET" else None
    try:
        span = asked_for(header, size, if_range=request.headers.get("If-Range"), etag=etag)
    except Unsatisfiable:
        response: HttpResponseBase = HttpResponse(status=416)
        response.headers["Content-Range"] = f"bytes */{size}"
        return _with_headers(response, etag)
    if span is not None and header is not None and header.rstrip(" \t,").endswith("-"):
        span = Span(span.start, min(span.length, LONGEST_OPEN_RANGE))
    sent = span or Span(0, size)
    if request.method == "HEAD":
        response = HttpResponse(content_type=content_type)
    else:
        body = _pour(chunks(sent), still_may)
        response = StreamingHttpResponse(body, status=200 if span is None else 206, content_type=content_type)
    response.headers["Content-Length"] = str(sent.length)
    if span is not None:
        response.headers["Content-Range"] = span.content_range(size)
    return _with_headers(response, etag)


def _with_headers(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-store"
    return response


async def _pour(chunks: Iterator[bytes], still_may: Callable[[], bool]) -> AsyncIterator[bytes]:
    """One block in memory at a time: the next is opened when the browser has taken the last."""
    asked_at = time.monotonic()
    open_next = sync_to_async(lambda: next(chunks, b""), thread_sensitive=False, executor=_pool)
    ask = database_sync_to_async(still_may, thread_sensitive=False, executor=_pool)
    while piece := await open_next():
        if time.monotonic() - asked_at >= ASK_AGAIN_SECONDS:
            if not await ask():
                raise NoLongerAllowed
            asked_at = time.monotonic()
        yield piece
