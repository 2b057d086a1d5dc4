"""Every code that the rooms write about a message has a plain sentence, and no sentence has jargon."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from notifications.hooks.__init__ import What
from notifications.lifecycle import MessageStatus
from notifications.words import EVENTS, REASONS, STATES, reason
from tests.architecture.sources import ROOT, modules, tree

WHERE = ("notifications", "scheduling", "consults")
CODE = re.compile(r"[a-z][a-z_]*")
# Functions whose text is a reason, and those whose return is one.
GIVEN = {"Skip": 0, "NotTaken": 0, "fail": 1, "_skip": 1, "_later": 2, "_again": 1, "skip": 1}
ASKED = {"obstacle", "_hindrance"}
NO_REASON = {"", "again", "lost"}


def _texts(node: ast.expr | None) -> Iterator[str]:
    """The texts that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (text for value in node.values for text in _texts(value))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _of_call(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = _name(call)
    if name in GIVEN and len(call.args) > GIVEN[name]:
        yield from (("reason", text) for text in _texts(call.args[GIVEN[name]]))
    for keyword in call.keywords:
        tells = {"why": "reason", "what": "event"}.get(keyword.arg or "")
        if tells and name not in {"record", "Words"}:
            yield from ((tells, text) for text in _texts(keyword.value))


def _returns(path: Path) -> Iterator[str]:
    """What functions answer that say why not; in the rooms' messages that is all that returns a bare text."""
    of_messages = "messages" in path.relative_to(ROOT).parts or path.stem == "messages"
    for function in ast.walk(tree(path)):
        if isinstance(function, ast.FunctionDef) and (
            function.name in ASKED or (of_messages and ast.unparse(function.returns or ast.Constant("")) == "str")
        ):
            for node in ast.walk(function):
                yield from _texts(node.value) if isinstance(node, ast.Return) else ()


def codes() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"reason": set(), "event": set()}
    for path in modules(*WHERE):
        uses = "notifications" in path.relative_to(ROOT).parts or "notifications" in path.read_text()
        if not uses:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                for table, text in _of_call(node):
                    found[table].add(text)
        found["reason"].update(_returns(path))
    return {table: {one for one in texts if CODE.fullmatch(one)} - NO_REASON for table, texts in found.items()}


def test_codes_are_found() -> None:
    assert {"too_late", "no_carrier", "no_address", "opted_out", "broken", "provider_down"} <= codes()["reason"]
    assert {"sent", "refused", "skipped"} <= codes()["event"]


def test_every_reason_that_is_written_has_words() -> None:
    assert codes()["reason"] - set(REASONS) == set()


def test_every_event_that_is_written_has_words() -> None:
    assert (codes()["event"] | {what.value for what in What} | {"again"}) - set(EVENTS) == set()


def test_every_state_has_a_word() -> None:
    assert set(STATES) == set(MessageStatus)


def test_words_are_whole_sentences() -> None:
    for words in REASONS.values():
        for sentence in filter(None, (words.what, words.do)):
            assert sentence[0].isupper(), sentence
            assert sentence.endswith("."), sentence


def test_code_without_words_says_that_it_did_not_work() -> None:
    assert "550" in reason("550").what
    assert (ROOT / "notifications" / "words.py").exists()
