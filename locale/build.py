#!/usr/bin/env python3
"""Makes the catalogues that Django reads (.mo) from the words that people write: `locale/<language>/<area>.po`.

Run it after changing a .po file or a text of a page, a script or a message. It names every text that has no translation
yet, or that nobody says any more. With `--check` it changes nothing and ends with 1 when anything is out of date.
"""

import ast
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.extract import extract_javascript
from django.utils.translation.template import templatize

LOCALE = Path(__file__).resolve().parent
ROOT = LOCALE.parent
TEMPLATES, SCRIPTS = ROOT / "templates", ROOT / "static" / "js"
ROOMS = ("accounts", "audit", "consent", "consults", "core", "notifications", "recordings", "scheduling", "signaling",
         "telehealth")  # fmt: skip
# Which arguments of a call are the text, its plural and its context.
CALLS = {
    "gettext": (0, None, None), "_": (0, None, None), "gettext_noop": (0, None, None), "gettext_lazy": (0, None, None),
    "ngettext": (0, 1, None), "ngettext_lazy": (0, 1, None),
    "pgettext": (1, None, 0), "pgettext_lazy": (1, None, 0), "npgettext": (1, 2, 0),
}  # fmt: skip
IN_SCRIPTS = {"gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


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


def said() -> dict[Text, set[str]]:
    """Every text that pages, messages and Python ask for, those of django.mo, each with the files that do."""
    found: dict[Text, set[str]] = {}
    pages = [(path, _python_of(path)) for path in TEMPLATES.rglob("*") if path.is_file()]
    code = [(path, path.read_text(encoding="utf-8")) for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    for path, python in [*pages, *code]:
        for text in _calls(python):
            found.setdefault(text, set()).add(str(path.relative_to(ROOT)))
    return found


def said_by_scripts() -> dict[Text, set[str]]:
    """Every text that scripts ask for, those of djangojs.mo."""
    found: dict[Text, set[str]] = {}
    for path in SCRIPTS.rglob("*.js"):
        with path.open("rb") as script:
            for _line, call, texts, _comments in extract_javascript(
                script, IN_SCRIPTS, (), {"parse_template_string": True}
            ):
                values = [texts] if isinstance(texts, str) else list(texts)
                context = values.pop(0) if call == "pgettext" else ""
                text = Text(context, *(value or "" for value in [*values, ""][:2]))
                found.setdefault(text, set()).add(str(path.relative_to(ROOT)))
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


def words_of(language: Path) -> dict[Text, list[str]]:
    """The words of every area of a language; a text stands in one of them."""
    found: dict[Text, list[str]] = {}
    for po in sorted(language.glob("*.po")):
        for text, said_so in texts_of(po).items():
            if text in found and text.one:
                raise SystemExit(f"{po}: {text.one!r} is in another file, too")
            found[text] = said_so
    return found


def main() -> int:
    check, faults = "--check" in sys.argv[1:], []
    wanted = {"django": said(), "djangojs": said_by_scripts()}
    for language in sorted({po.parent for po in LOCALE.rglob("*.po")}):
        words, every = words_of(language), {**wanted["django"], **wanted["djangojs"]}
        faults += [
            f"has no translation: {text.one} ({', '.join(sorted(every[text]))})"
            for text in sorted(every)
            if not all(words.get(text, [""]))
        ]
        faults += [f"is said nowhere: {text.one}" for text in sorted(words) if text.one and text not in every]
        for domain, texts in wanted.items():
            mo = language / "LC_MESSAGES" / f"{domain}.mo"
            made = compiled({text: words[text] for text in words if text in texts or not text.one})
            if mo.exists() and mo.read_bytes() == made:
                continue
            if check:
                faults.append(f"{mo.relative_to(ROOT)} is out of date: run locale/build.py")
            else:
                mo.write_bytes(made)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
