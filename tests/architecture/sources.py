"""What the architecture tests read: the house's own files. Holds no test."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = (
    "core", "audit", "accounts", "consent", "notifications", "scheduling", "consults", "recordings", "signaling",
    "telehealth", "relay",
)  # fmt: skip


def modules(*folders: str) -> Iterator[Path]:
    """Our Python files below the folders, without migrations."""
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts)


def name(path: Path) -> str:
    """The path as a person would write it."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


@functools.cache
def functions(path: Path) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """Every function and method in a file."""
    return tuple(node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from def to the end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
