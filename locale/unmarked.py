#!/usr/bin/env python3
"""Names every word that people read and nobody has marked for translation: `locale/unmarked.py templates/consults`.

Pages: text between tags, and what attributes say. Python: the words of refusals, forms and choices. Scripts: sentences
outside `gettext`. What is no words of ours (a brand, a format, an example) stands in `NOT_WORDS`.
"""

import ast
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

LOCALE = Path(__file__).resolve().parent
ROOT = LOCALE.parent
NOT_WORDS = frozenset(
    {"Housecall", "WebM", "MP4", "min", "min.", "ms", "kB", "MB", "GB", "TURN", "QR", "Esc", "Enter", "Shift"}
    # What a page calls its body for the style sheets.
    | {"hc-patient", "hc-staff", "hc-call-page"}
)
# Attributes that people read or hear; of `data-...` every one that has a space in it or begins with a capital letter.
READ = frozenset({"aria-label", "aria-roledescription", "aria-valuetext", "alt", "placeholder", "title", "label"})
MARKED = re.compile(
    r"\{%-?\s*(comment|blocktrans(?:late)?)\b.*?\{%\s*end\1\s*%\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", re.DOTALL
)
LETTERS = re.compile(r"[^\W\d_]{2,}")
REFUSALS = frozenset({"Conflict", "Invalid", "NotFound", "RateLimited", "IllegalTransition", "ValidationError"})
SAID = frozenset({"label", "help_text", "message", "empty_label", "verbose"})
SENTENCE = re.compile(r"^[A-Z][^#\[\]<>{}=;/]*[a-z][^#\[\]<>{}=;/]*$|[a-z]{2,} [a-z]{2,}.*[.!?…]$")


class Words(HTMLParser):
    """Collects what stands on a page: texts, and attributes that are read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style", "code", "kbd"}
        for name, value in attrs:
            is_said = name in READ or (name.startswith("data-") and re.search(r"^[A-Z]|[a-z] [a-z]", value or ""))
            if is_said and _is_words(value or ""):
                self.found.append((self.getpos()[0], f"{name}={value}"))

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "code", "kbd"}

    def handle_data(self, data: str) -> None:
        if not self._silent and _is_words(data):
            self.found.append((self.getpos()[0], " ".join(data.split())))


def _is_words(text: str) -> bool:
    return bool(LETTERS.search(" ".join(word for word in text.split() if word not in NOT_WORDS)))


def in_page(text: str) -> Iterator[tuple[int, str]]:
    """Of a template: its tags are blanked out, line by line, so that the numbers hold."""
    parser = Words()
    parser.feed(MARKED.sub(lambda found: "\n" * found[0].count("\n"), text))
    yield from parser.found


def in_python(text: str) -> Iterator[tuple[int, str]]:
    """Of a module: texts given to refusals, `label=...` and the like, and `ClassVar` messages."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            said = [*node.args[:1]] if name in REFUSALS else []
            for value in [*said, *(word.value for word in node.keywords if word.arg in SAID)]:
                yield from _plain(value)
        elif isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") in SAID:
                    yield from _plain(line.value)
                    # Choices of Django's: NAME = "value", "What people read".
                elif isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple) and len(line.value.elts) == 2:
                    yield from _plain(line.value.elts[1])


def _plain(value: ast.expr) -> Iterator[tuple[int, str]]:
    if isinstance(value, ast.JoinedStr):
        yield value.lineno, ast.unparse(value)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str) and _is_words(value.value):
        yield value.lineno, value.value
    elif isinstance(value, ast.IfExp):
        yield from _plain(value.body)
        yield from _plain(value.orelse)


def in_script(text: str) -> Iterator[tuple[int, str]]:
    """Of a script: sentences in quotes that are not handed to gettext."""
    bare = re.sub(r"/\*.*?\*/", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    bare = re.sub(r"(?m)(^|\s)//.*$", "", bare)
    bare = re.sub(r"\b[np]?n?gettext\(\s*(\"[^\"]*\"|'[^']*')(,\s*(\"[^\"]*\"|'[^']*'))?", "", bare)
    for number, line in enumerate(bare.splitlines(), 1):
        for found in re.finditer(r"\"([^\"\\]*)\"|`([^`]*)`", line):
            words = found[1] or re.sub(r"\$\{[^}]*\}", "X", found[2] or "")
            # A drawing's path is no words: between what is filled in stand single letters alone.
            if SENTENCE.search(words.strip()) and " " in words.strip() and _is_words(words.replace("X", "0")):
                yield number, words


def unmarked(path: Path) -> list[tuple[int, str]]:
    """Lines and words of one file."""
    how = {".html": in_page, ".py": in_python, ".js": in_script}.get(path.suffix)
    return list(how(path.read_text(encoding="utf-8"))) if how else []


def main() -> int:
    faults = 0
    for given in sys.argv[1:] or ["templates", "static/js"]:
        whole = ROOT / given
        for path in sorted(path for path in whole.rglob("*") if path.is_file()) if whole.is_dir() else [whole]:
            if "migrations" in path.parts:
                continue
            for line, words in unmarked(path):
                faults += 1
                sys.stdout.write(f"{path.relative_to(ROOT)}:{line}: {words}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
