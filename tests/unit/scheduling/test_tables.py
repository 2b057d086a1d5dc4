"""Tables that people send: whatever is broken is told in words, and nothing that goes out is run by a spreadsheet."""

import csv
import io

import pytest

from scheduling.files.tables import BadFile, guarded, line_of, read_table, unguarded

KNOWN = ("a", "b", "c")


def read(content: bytes, most_rows: int = 10) -> list[tuple[int, dict[str, str], str]]:
    table = read_table(content, needed=("a", "b"), known=KNOWN, most_rows=most_rows)
    return [(row.line, row.cells, row.problem) for row in table.rows]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_are_found_by_name_in_any_order_and_by_any_mark(mark: str) -> None:
    content = '\ufeffB ,A,x\r\n2,1,z\r\n\r\n,"3\n3",\r\n'.replace(",", mark).encode()
    assert read(content) == [(2, {"a": "1", "b": "2", "c": ""}, ""), (5, {"a": "3\n3", "b": "", "c": ""}, "")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n\xff\xfe,2\n", "Line 3 has letters that are not in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n\x00,2\n", "no CSV file"),
        (b"a,c\n1,2\n", "column is missing: b"),
        (b"", "columns are missing: a, b"),
        (b"a,b,a\n1,2,3\n", "stands twice: a"),
        (b'a,b\n1,2\n"1,2\n', "broken"),
        (b"a,b\n", "no rows"),
        (b"a,b\n" + b"1,2\n" * 1_000_000, "more than 10 rows"),
        (b"a,b," + b",".join(b"%x" % number for number in range(600_000)) + b"\n1,2\n", "more than 100 columns"),
    ],
)
def test_file_that_is_no_table_is_told_in_words(content: bytes, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        read(content)


def test_row_with_too_many_or_too_long_cells_is_told_and_the_others_are_read() -> None:
    rows = read(b"a,b\n1,2,3\n" + b"x" * 2000 + b",2\n1,2\n")
    assert [bool(problem) for _, _, problem in rows] == [True, True, False]


@pytest.mark.parametrize("cell", ["=1+1", "+431234", "-x", "@x", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_cell_that_a_spreadsheet_would_run_is_quoted_and_comes_back(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
    assert unguarded(guarded(cell)) == cell
    assert next(csv.reader(io.StringIO(line_of([cell, None, 3]), newline="")))[0] == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["Ann;=1+1", "a\t+1", "a,-b", 'a"=b', "a\n=1", "\n@x", "'=x", "''=x", ";'=1", "\uff1d1"]
)
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_no_mark_between_cells_makes_a_formula_of_the_middle_of_one(cell: str, mark: str) -> None:
    assert unguarded(guarded(cell)) == cell
    lines = io.StringIO(line_of(["x", cell, "y"]), newline="")
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        lines.seek(0)
        for cells in csv.reader(lines, delimiter=mark, quoting=quoting):
            assert not any(each.lstrip('"').startswith(("=", "+", "-", "@", "\uff1d")) for each in cells)


@pytest.mark.parametrize("cell", ["O'Brien", "'tis", "a=b", ""])
def test_ordinary_cell_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == unguarded(cell) == cell
