"""What a clinic types for who waits: paragraphs, lists, bold words and links, and nothing that is dangerous."""

import time

import pytest

from consults.reading import Block, Part, blocks_of, is_safe


def test_paragraphs_lists_bold_words_and_links_are_read() -> None:
    text = "One\ntwo **strong** end\n\n- first\n* [second](https://example.org/a)\nafter"
    assert blocks_of(text) == (
        Block(False, ((Part("One two "), Part("strong", is_strong=True), Part(" end")),)),
        Block(True, ((Part("first"),), (Part("second", "https://example.org/a"),))),
        Block(False, ((Part("after"),),)),
    )


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert", "JaVaScRiPt:alert", "data:text/html,x", "//example.org", "/staff/", "https:", "http:///a",
        "vbscript:x", "https://[::1", "mailto:a@b.c", " https://example.org",
    ],
)  # fmt: skip
def test_link_that_leads_nowhere_on_the_web_stays_text(href: str) -> None:
    assert not is_safe(href)
    parts = [part for block in blocks_of(f"See [this]({href}) here") for item in block.items for part in item]
    assert all(part.href == "" for part in parts)


def test_markup_is_text_and_nothing_typed_is_lost() -> None:
    text = "<script>alert(1)</script> & **open [not a link"
    [block] = blocks_of(text)
    assert "".join(part.text for part in block.items[0]) == text


def test_hostile_text_of_the_longest_length_costs_little() -> None:
    for hostile in ("[" * 4000, "**a" * 1333, "[a](" * 1000, "- " * 2000, "*" * 4000):
        began = time.perf_counter()
        blocks_of(hostile)
        assert time.perf_counter() - began < 0.5
