"""The Range header, by the examples and rules of RFC 9110 (13.1.5, 14.1.2, 14.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.ranges import Span, Unsatisfiable, asked_for

SIZE = 10_000


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-499", Span(0, 500)),
        ("bytes=500-999", Span(500, 500)),
        ("bytes=9500-", Span(9500, 500)),
        ("bytes=-500", Span(9500, 500)),
        ("bytes=0-", Span(0, SIZE)),
        ("bytes=9999-9999", Span(9999, 1)),
        ("bytes=0-99999999999999999999", Span(0, SIZE)),
        ("bytes=-99999", Span(0, SIZE)),
        ("Bytes = 0-0", Span(0, 1)),
        ("bytes=,0-0,", Span(0, 1)),
    ],
)
def test_range_inside_the_file_is_answered_in_part(header: str, span: Span) -> None:
    assert asked_for(header, SIZE) == span


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999-"])
def test_range_outside_the_file_is_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        asked_for(header, SIZE)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "lines=0-4", "bytes=0-1,5-6", "bytes=0-0x1",
        "bytes=-1-2", "bytes=0-" + "9" * 5000, "bytes=٠-٤x", "0-4",
    ],
)  # fmt: skip
def test_what_is_no_single_range_is_answered_with_the_whole(header: str | None) -> None:
    assert asked_for(header, SIZE) is None


def test_range_of_an_empty_file_is_unsatisfiable() -> None:
    for header in ("bytes=0-", "bytes=-1"):
        with pytest.raises(Unsatisfiable):
            asked_for(header, 0)


@pytest.mark.parametrize(
    ("condition", "is_whole"), [(None, False), ('"a"', False), ('W/"a"', True), ('"b"', True), ("Mon, 23 Nov", True)]
)
def test_condition_on_another_state_of_the_file_gives_the_whole(condition: str | None, is_whole: bool) -> None:
    assert (asked_for("bytes=0-4", SIZE, if_range=condition, etag='"a"') is None) == is_whole


@given(header=st.text(max_size=60) | st.from_regex(r"bytes=\d{0,6}-\d{0,6}", fullmatch=True), size=st.integers(0, 9999))
def test_any_header_stays_inside_the_file(header: str, size: int) -> None:
    try:
        span = asked_for(header, size)
    except Unsatisfiable:
        return
    assert span is None or (span.start >= 0 and span.length > 0 and span.start + span.length <= size)


def test_content_range_names_first_last_and_size() -> None:
    assert Span(500, 500).content_range(SIZE) == "bytes 500-999/10000"
