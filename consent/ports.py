"""Where higher rooms hear that somebody answered, inside the transaction that keeps the answer."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.actors import Actor
    from consent.models import Consent

AnswerListener = Callable[["Actor", "Consent"], None]

_answered: list[AnswerListener] = []


def on_answered(listener: AnswerListener) -> None:
    """Call `listener(actor, consent)` after a yes or a no was kept; raising takes it back."""
    if listener not in _answered:
        _answered.append(listener)


def tell_answered(actor: "Actor", consent: "Consent") -> None:
    for listener in _answered:
        listener(actor, consent)
