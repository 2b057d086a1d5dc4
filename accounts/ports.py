"""Where higher rooms hear that what somebody may do has changed. Listeners run inside the caller's transaction."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.models import RelatedPerson, User

AccessListener = Callable[["User"], None]
RelatedListener = Callable[["Actor", "RelatedPerson"], None]

_access_changed: list[AccessListener] = []
_related_gone: list[RelatedListener] = []


def on_access_changed(listener: AccessListener) -> None:
    """Call `listener(user)` when a user is disabled, loses a role or gets a new password."""
    if listener not in _access_changed:
        _access_changed.append(listener)


def tell_access_changed(user: "User") -> None:
    for listener in _access_changed:
        listener(user)


def on_related_gone(listener: RelatedListener) -> None:
    """Call `listener(actor, person)` when somebody is no longer a patient's mother, carer and so on."""
    if listener not in _related_gone:
        _related_gone.append(listener)


def tell_related_gone(actor: "Actor", person: "RelatedPerson") -> None:
    for listener in _related_gone:
        listener(actor, person)
