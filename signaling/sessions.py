"""Tells the sockets of a sign-in or of a user to look whether they may still be open, when that may have changed.

Without it they find out at their next heartbeat.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction

from accounts.actors import Actor, session_digest
from accounts.models import User
from accounts.ports import on_access_changed
from consults import hints


def group_of(session: str) -> str:
    """The channel-layer group of all sockets of one session (`Actor.session`)."""
    return "session." + hashlib.sha256(session.encode()).hexdigest()[:32]


def group_of_user(user_id: int) -> str:
    """The channel-layer group of all sockets of one user."""
    return f"user.{user_id}"


def groups_of(actor: Actor) -> list[str]:
    """The groups in which this actor's sockets hear that their access may have changed."""
    of_user = [] if actor.user_id is None else [group_of_user(actor.user_id)]
    return [group_of(actor.session), *of_user]


def session_ended(session: str) -> None:
    """Hint to every socket of this session to look whether it may still be open."""
    hints.send((group_of(session), {"type": "access.changed"}))


def access_changed(user: User) -> None:
    """Listener: hint to every socket of this user, whatever they signed in with, once the change can be seen."""
    transaction.on_commit(lambda: hints.send((group_of_user(user.pk), {"type": "access.changed"})))


def listen() -> None:
    """Django's own sign-out is the one event here that no service of ours passes through."""
    user_logged_out.connect(_logged_out, dispatch_uid="signaling.sessions")
    on_access_changed(access_changed)


def _logged_out(request: Any = None, **_: Any) -> None:
    key = request.session.session_key if request is not None and hasattr(request, "session") else None
    if key:
        session_ended(session_digest(key))
