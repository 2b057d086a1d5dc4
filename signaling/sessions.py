"""Tells the sockets of a sign-in that it has ended. Without it they find out at their next heartbeat."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth.signals import user_logged_out

from accounts.actors import session_digest

log = logging.getLogger(__name__)


def group_of(session: str) -> str:
    """The channel-layer group of all sockets of one session (`Actor.session`)."""
    return "session." + hashlib.sha256(session.encode()).hexdigest()[:32]


def session_ended(session: str) -> None:
    """Hint to every socket of this session to look whether it may still be open."""
    try:
        async_to_sync(get_channel_layer().group_send)(group_of(session), {"type": "access.changed"})
    except Exception:  # a hint must never break a sign-out
        log.warning("session.hint_lost", exc_info=True)


def listen() -> None:
    """Django's own sign-out is the one event here that no service of ours passes through."""
    user_logged_out.connect(_logged_out, dispatch_uid="signaling.sessions")


def _logged_out(request: Any = None, **_: Any) -> None:
    key = request.session.session_key if request is not None and hasattr(request, "session") else None
    if key:
        session_ended(session_digest(key))
