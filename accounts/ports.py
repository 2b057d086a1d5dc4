"""Where higher rooms hear that what somebody may do has changed. Listeners run inside the caller's transaction."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User

AccessListener = Callable[["User"], None]

_access_changed: list[AccessListener] = []


def on_access_changed(listener: AccessListener) -> None:
    """Call `listener(user)` when a user is disabled, loses a role or gets a new password."""
    if listener not in _access_changed:
        _access_changed.append(listener)


def tell_access_changed(user: "User") -> None:
    for listener in _access_changed:
        listener(user)
