"""Tests about tests: each one asserts something, is collected, and waits for events instead of sleeping."""

import ast
from pathlib import Path

from tests.architecture.sources import functions, modules, name, tree

ASSERTING = {"raises", "warns", "expect", "fail"}


def _test_modules() -> list[Path]:
    return [path for path in modules("tests") if path.name.startswith("test_")]


def _asserts(function: ast.AST, helpers: set[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ASSERTING | helpers or called.startswith(("assert", "expect", "wait_for", "check_")):
                return True
    return False


def test_every_test_asserts_something() -> None:
    # A helper that asserts counts, wherever it lives below tests/.
    helpers = {f.name for path in modules("tests") for f in functions(path)
               if not f.name.startswith("test_") and _asserts(f, set())}  # fmt: skip
    idle = [
        f"{name(path)}:{function.name}"
        for path in _test_modules()
        for function in functions(path)
        if function.name.startswith("test_") and not _asserts(function, helpers)
    ]
    assert idle == []


def test_every_test_is_collected() -> None:
    lost = []
    for path in modules("tests"):
        module = tree(path)
        top = module.body
        classes = [node for node in top if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
        collected = {id(node) for holder in (top, *(c.body for c in classes)) for node in holder}
        is_test_module = path.name.startswith("test_")
        lost += [
            f"{name(path)}:{function.name}"
            for function in ast.walk(module)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            and function.name.startswith("test_")
            and not (is_test_module and id(function) in collected)
        ]
    assert lost == []


def test_no_test_sleeps() -> None:
    sleeping = [
        f"{name(path)}:{node.lineno}"
        for path in _test_modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"sleep", "wait_for_timeout"}
        # sleep(0) only lets other tasks run.
        and not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]
    assert sleeping == []
