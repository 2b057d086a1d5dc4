"""Text that a clinic types for who waits: paragraphs, lists, bold words and links, and nothing else. Pure; no markup.

What is made here are plain parts, which templates escape like any text; a link leads by http or https or is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_TITLE = 80
LONGEST_BODY = 4000
# No pattern looks back over what it has taken: a long text costs its length.
_PARTS = re.compile(r"\*\*(?P<strong>[^*\n]{1,200})\*\*|\[(?P<words>[^\[\]\n]{1,200})\]\((?P<href>[^()\s]{1,500})\)")
_ITEM = re.compile(r"^[-*] +")


@dataclass(frozen=True)
class Part:
    text: str
    href: str = ""
    is_strong: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph of one item, or a list of several."""

    is_list: bool
    items: tuple[tuple[Part, ...], ...]


def blocks_of(body: str) -> tuple[Block, ...]:
    """Empty lines part paragraphs; lines that begin with "- " are a list."""
    found: list[Block] = []
    lines: list[str] = []
    for line in [*body.replace("\r\n", "\n").split("\n"), ""]:
        is_item = bool(_ITEM.match(line))
        if lines and (not line.strip() or is_item != bool(_ITEM.match(lines[0]))):
            found.append(_block(lines))
            lines = []
        if line.strip():
            lines.append(line.strip())
    return tuple(found)


def is_safe(href: str) -> bool:
    """Whether a link leads to a page on the web."""
    try:
        address = urlsplit(href)
        return href == href.strip() and address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        return False


def _block(lines: list[str]) -> Block:
    if _ITEM.match(lines[0]):
        return Block(True, tuple(tuple(_parts(_ITEM.sub("", line))) for line in lines))
    return Block(False, (tuple(_parts(" ".join(lines))),))


def _parts(text: str) -> Iterator[Part]:
    at = 0
    for found in _PARTS.finditer(text):
        if found["href"] and not is_safe(found["href"]):
            continue
        if found.start() > at:
            yield Part(text[at : found.start()])
        yield Part(found["strong"], is_strong=True) if found["strong"] else Part(found["words"], found["href"])
        at = found.end()
    if at < len(text):
        yield Part(text[at:])
