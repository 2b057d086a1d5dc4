"""Where higher rooms hear that somebody answered, inside the transaction that keeps the answer."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.actors import Actor
    from consent.models import Consent, ConsentRight

AnswerListener = Callable[["Actor", "Consent"], None]

RightListener = Callable[["Actor", "ConsentRight"], None]

_answered: list[AnswerListener] = []
_right_ended: list[RightListener] = []


def on_answered(listener: AnswerListener) -> None:
    """Call `listener(actor, consent)` after a yes or a no was kept; raising takes it back."""
    if listener not in _answered:
        _answered.append(listener)


def tell_answered(actor: "Actor", consent: "Consent") -> None:
    for listener in _answered:
        listener(actor, consent)


def on_right_ended(listener: RightListener) -> None:
    """Call `listener(actor, right)` when somebody may agree for a patient no longer, as they could until now."""
    if listener not in _right_ended:
        _right_ended.append(listener)


def tell_right_ended(actor: "Actor", right: "ConsentRight") -> None:
    for listener in _right_ended:
        listener(actor, right)
