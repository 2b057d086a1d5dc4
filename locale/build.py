#!/usr/bin/env python3
"""Makes the .mo files that Django reads from the .po files that people write, with nothing installed but Django.

Run it after changing a .po file or a text of a message. It names every text that has no translation yet, or that
nobody says any more. With `--check` it changes nothing and ends with 1 when anything is out of date.
"""

import ast
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

LOCALE = Path(__file__).resolve().parent
ROOT = LOCALE.parent
# Only messages are translated; the pages of the house are English.
TEMPLATES = ROOT / "templates" / "messages"
SOURCES = ("notifications/spoken.py", "scheduling/messages", "consults/messages.py", "consults/messages")
# Which arguments of a call are the text, its plural and its context.
CALLS = {
    "gettext": (0, None, None), "_": (0, None, None), "gettext_noop": (0, None, None),
    "ngettext": (0, 1, None), "pgettext": (1, None, 0), "npgettext": (1, 2, 0),
}  # fmt: skip


class Text(NamedTuple):
    """What is translated as one: a text in a context, and its plural; each empty where there is none."""

    context: str
    one: str
    many: str

    @property
    def key(self) -> str:
        """As .mo files name it."""
        context = f"{self.context}\x04" if self.context else ""
        return context + (f"{self.one}\x00{self.many}" if self.many else self.one)


def texts_of(po: Path) -> dict[Text, list[str]]:
    """The translations of a .po file, the header among them as the text that is empty."""
    found: dict[Text, list[str]] = {}
    fields: dict[str, str] = {}
    field = ""
    for line in [*po.read_text(encoding="utf-8").splitlines(), ""]:
        if not line.strip():
            if "msgid" in fields:
                text = Text(fields.get("msgctxt", ""), fields["msgid"], fields.get("msgid_plural", ""))
                if text in found:
                    raise SystemExit(f"{po}: {text.one!r} is there twice")
                found[text] = [value for name, value in fields.items() if name.startswith("msgstr")]
            fields, field = {}, ""
        elif line.startswith('"'):
            fields[field] += ast.literal_eval(line)
        elif not line.startswith("#"):
            field, value = line.split(" ", 1)
            fields[field] = ast.literal_eval(value)
    return found


def compiled(texts: dict[Text, list[str]]) -> bytes:
    """A .mo file: a table of keys in order, one of translations, and then all of them, each ended by a zero."""
    rows = sorted((text.key.encode(), "\x00".join(said).encode()) for text, said in texts.items() if all(said))
    begins = 28 + 16 * len(rows)
    tables: tuple[list[int], list[int]] = ([], [])
    strings = b""
    for place in (0, 1):
        for row in rows:
            tables[place].extend((len(row[place]), begins + len(strings)))
            strings += row[place] + b"\x00"
    head = struct.pack("<7I", 0x950412DE, 0, len(rows), 28, 28 + 8 * len(rows), 0, begins)
    return head + struct.pack(f"<{4 * len(rows)}I", *tables[0], *tables[1]) + strings


def said() -> set[Text]:
    """Every text that is asked for."""
    found = set()
    for path in sorted(path for path in TEMPLATES.rglob("*") if path.is_file()):
        found |= set(_calls(_python_of(path)))
    for source in SOURCES:
        whole = ROOT / source
        for path in sorted(whole.rglob("*.py")) if whole.is_dir() else [whole] if whole.exists() else []:
            found |= set(_calls(path.read_text(encoding="utf-8")))
    return found


def _python_of(template: Path) -> str:
    """Its calls of gettext alone: what stands around them is blanked out by Django, but is no Python."""
    made = templatize(template.read_text(encoding="utf-8"), origin=str(template))
    calls, rest = [], made
    while (begins := min((at for name in CALLS if (at := rest.find(f" {name}(")) >= 0), default=-1)) >= 0:
        rest = rest[begins + 1 :]
        ends = next(end for end, sign in enumerate(rest) if sign == ")" and _is_whole(rest[: end + 1]))
        calls.append(rest[: ends + 1])
        rest = rest[ends:]
    return "\n".join(calls)


def _is_whole(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def _calls(code: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
            continue
        values = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
        one, many, context = (values[place] if place is not None else "" for place in CALLS[node.func.id])
        # A name instead of a text: it is said where that was noted by gettext_noop.
        if isinstance(one, str) and isinstance(many, str) and isinstance(context, str):
            yield Text(context, one, many)


def main() -> int:
    wanted, check, faults = said(), "--check" in sys.argv[1:], 0
    for po in sorted(LOCALE.rglob("*.po")):
        texts = texts_of(po)
        missing = [text.one for text in wanted if not all(texts.get(text, [""]))]
        unused = [text.one for text in texts if text.one and text not in wanted]
        for words, which in (("has no translation", missing), ("is said nowhere", unused)):
            for one in sorted(which):
                faults += 1
                sys.stderr.write(f"{po.relative_to(ROOT)}: {words}: {one}\n")
        mo, made = po.with_suffix(".mo"), compiled(texts)
        if mo.exists() and mo.read_bytes() == made:
            continue
        if check:
            faults += 1
            sys.stderr.write(f"{mo.relative_to(ROOT)} is out of date: run locale/build.py\n")
        else:
            mo.write_bytes(made)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
