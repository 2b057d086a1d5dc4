"""What was pressed last and can be undone, kept with the session: the board offers it on whichever page comes next."""

import time
import uuid as uuids
from typing import Any, NamedTuple

from django.http import HttpRequest

from consults.selectors.met import is_in_progress
from consults.services.undoing import WITHIN

_KEY = "board.undo"


class Kept(NamedTuple):
    said: str
    token: str
    left_s: int
    called: str


def keep_undo(request: HttpRequest, said: str, token: str, *, called: uuids.UUID | None = None) -> None:
    """`called`: the visit whose patient was called in."""
    request.session[_KEY] = [said, token, time.time(), str(called or "")]


def kept_undo(request: HttpRequest) -> Kept | None:
    """What may still be undone; its time is the server's word at the end. Nobody is called back out of a visit that is
    over: whoever finishes one comes to the board, and is not offered what can only be refused."""
    kept: Any = request.session.get(_KEY)
    if not kept:
        return None
    said, token, since, called = kept
    left = int(WITHIN.total_seconds() - (time.time() - since))
    if left <= 0 or (called and not is_in_progress(uuids.UUID(called))):
        del request.session[_KEY]
        return None
    return Kept(said, token, left, called)


def undo_of_call(request: HttpRequest, visit: uuids.UUID) -> Kept | None:
    """That this very patient was called in, if it may still be undone."""
    kept = kept_undo(request)
    return kept if kept is not None and kept.called == str(visit) else None


def take_undo(request: HttpRequest) -> Kept | None:
    """The same, and it is offered no more."""
    kept = kept_undo(request)
    request.session.pop(_KEY, None)
    return kept
