"""Reading a table out of bytes that somebody sent, and writing cells that no spreadsheet runs. No database."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MOST_BYTES = 4 * 1024 * 1024
LONGEST_CELL = 1000
MOST_COLUMNS = 100
# A spreadsheet takes a cell that begins so for a formula, and runs it. By the country it is set to it also takes other
# marks than our comma for the end of a cell, so one of its cells may begin in the middle of one of ours.
_BEGINS = r"(?:^|(?<=[,;|\t\r\n\"]))"
_RUN = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"{_BEGINS}(?='*{_RUN})|^(?='*[\t\r\n])")
_GUARDED = re.compile(rf"{_BEGINS}'(?='*{_RUN})|^'(?='*[\t\r\n])")
_DELIMITERS = ",;\t"


class BadFile(ValueError):  # noqa: N818
    """The file as a whole cannot be read; says why in plain words."""


@dataclass(frozen=True)
class Row:
    """One line of the table by its columns; `problem` when it is no line of this table."""

    line: int
    cells: dict[str, str]
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """The rows, and the names of columns that nobody asked for."""

    rows: list[Row]
    unused: list[str]


def read_table(content: bytes, *, needed: Sequence[str], known: Sequence[str], most_rows: int) -> Table:
    """The table in `content`, or BadFile. Columns are found by their names in the first line, in any order."""
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(reader, [])]
        _check_names(names, needed)
        rows: list[Row] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == most_rows:
                words = _("The file has more than %(count)s rows. Split it into smaller files.")
                raise BadFile(words % {"count": f"{most_rows:,}"})
            rows.append(_row(reader.line_num, names, cells, known))
    except csv.Error:
        words = _("Line %(line)s is broken: look for a quotation mark that is opened and not closed.")
        raise BadFile(words % {"line": reader.line_num + 1}) from None
    if not rows:
        raise BadFile(_("The file has no rows below its first line."))
    return Table(rows, sorted(set(names) - set(known) - {""}))


def guarded(cell: object) -> str:
    """As text that a spreadsheet shows and does not run."""
    return _FORMULA.sub("'", "" if cell is None else str(cell))


def unguarded(cell: str) -> str:
    """What `guarded` was given, so that a list that was taken out can be brought in."""
    return _GUARDED.sub("", cell)


def line_of(cells: Iterable[object]) -> str:
    """One line of a file that goes out."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile(_("The file is in UTF-16. Save it as “CSV UTF-8” and send it again."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        words = _("Line %(line)s has letters that are not in UTF-8. In your spreadsheet choose “Save as”, “CSV UTF-8”.")
        raise BadFile(words % {"line": line}) from None
    if "\0" in text:
        raise BadFile(_("This is no CSV file. In your spreadsheet choose “Save as”, “CSV UTF-8”."))
    return text


def _delimiter(text: str) -> str:
    """Spreadsheets write commas, semicolons or tabs, by the country they are set to."""
    first = text.partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _check_names(names: Sequence[str], needed: Sequence[str]) -> None:
    if len(names) > MOST_COLUMNS:
        words = _("The first line has more than %(count)s columns. This is no list of ours.")
        raise BadFile(words % {"count": MOST_COLUMNS})
    missing = [name for name in needed if name not in names]
    if missing:
        words = ngettext(
            "In the first line the column is missing: %(names)s.",
            "In the first line the columns are missing: %(names)s.",
            len(missing),
        )
        raise BadFile(words % {"names": ", ".join(missing)})
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        words = _("In the first line this column stands twice: %(names)s.")
        raise BadFile(words % {"names": ", ".join(twice)})


def _row(line: int, names: Sequence[str], cells: Sequence[str], known: Sequence[str]) -> Row:
    if len(cells) > len(names):
        words = _("%(cells)s cells, but the first line has %(columns)s. Look for a stray comma")
        return Row(line, {}, words % {"cells": len(cells), "columns": len(names)})
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return Row(line, {}, _("A cell is longer than %(count)s letters") % {"count": LONGEST_CELL})
    by_name = dict(zip(names, cells, strict=False))
    return Row(line, {name: unguarded(by_name.get(name, "").strip()) for name in known})
