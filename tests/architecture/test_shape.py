"""The shape of the sources: small files and functions, a word on each module, a closed core, no query in a view."""

import ast
import statistics
from pathlib import Path

import pytest

from tests.architecture.sources import ROOMS, ROOT, functions, length, modules, name, tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
USUAL_FUNCTION = 33
CORE = {"__init__", "apps", "clock", "errors", "guards", "http", "ids", "templatetags/__init__", "templatetags/ui"}
THIN = ("views", "consumers")


def _thin_modules() -> list[Path]:
    """Modules of the layer that only translates: views.py, views/*.py, consumers.py, consumers/*.py."""
    return [path for path in modules(*ROOMS) if path.stem in THIN or path.parent.name in THIN]


def test_thin_modules_are_found() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in _thin_modules()} >= {
        "accounts",
        "consults",
        "recordings",
        "scheduling",
        "signaling",
    }


@pytest.mark.parametrize("path", _thin_modules(), ids=name)
def test_thin_module_asks_selectors_and_never_the_database(path: Path) -> None:
    queries = [
        f"{name(path)}:{node.lineno}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    assert queries == []


def test_files_stay_short() -> None:
    paths = [*modules(*ROOMS, "tests", "bench"), *_page_files()]
    long = {name(path): lines for path in paths if (lines := len(path.read_text().splitlines())) > LONGEST_FILE}
    assert long == {}


def _page_files() -> list[Path]:
    found = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").rglob("*.js"), *(ROOT / "static").rglob("*.css")]
    return [path for path in found if "vendor" not in path.parts]


def test_functions_stay_short() -> None:
    lengths = {f"{name(path)}:{f.name}": length(f) for path in modules(*ROOMS) for f in functions(path)}
    assert {found: lines for found, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= USUAL_FUNCTION


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        name(path) for path in modules(*ROOMS) if path.read_text().strip() and ast.get_docstring(tree(path)) is None
    ]
    assert silent == []


def test_core_is_a_closed_list() -> None:
    found = {path.relative_to(ROOT / "core").with_suffix("").as_posix() for path in modules("core")}
    assert found == CORE


def test_core_has_no_models() -> None:
    bases = [base for path in modules("core") for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)
             for base in node.bases]  # fmt: skip
    assert not any(isinstance(base, ast.Attribute) and base.attr == "Model" for base in bases)
