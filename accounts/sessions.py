"""Sessions in the database with two limits: idle (SESSION_COOKIE_AGE) and absolute (SESSION_ABSOLUTE_AGE).

The row's `expire_date` is the idle clock. Requests and open sockets move it on, at most once a minute and never past
the absolute limit, without rewriting the session's data: two of them at once cannot undo each other's changes.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session

from core.clock import now

STARTED = "hc_started_at"
PRECISION = timedelta(minutes=1)
KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(DatabaseSessionStore):
    """Django's database sessions, which know when they began and when their row ends."""

    ends_at: datetime | None = None

    def _validate_session_key(self, key: Any) -> bool:
        """Only keys that Django makes are looked up: a cookie may say anything, and PostgreSQL cannot even be asked
        for a NUL."""
        return isinstance(key, str) and KEY.fullmatch(key) is not None

    def load(self) -> dict[str, Any]:
        """The session's data; nothing once either limit has passed."""
        row = Session.objects.filter(session_key=self.session_key, expire_date__gt=now()).first()
        data: dict[str, Any] = self.decode(row.session_data) if row else {}
        if row is None or latest_end(data) <= now():
            self._session_key = None
            return {}
        self.ends_at = row.expire_date
        return data

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    def cycle_key(self) -> None:
        """Called at sign-in: a new key, and the absolute limit counts from now."""
        super().cycle_key()
        self[STARTED] = now().timestamp()

    def save(self, must_create: bool = False) -> None:
        # Not `self[...]`: a session that is being created has no row to load yet.
        self._get_session(no_load=must_create).setdefault(STARTED, now().timestamp())  # type: ignore[attr-defined]
        super().save(must_create)

    def get_expiry_date(self, **_: Any) -> datetime:
        return min(now() + timedelta(seconds=settings.SESSION_COOKIE_AGE), latest_end(self))

    def keep_alive(self) -> None:
        """Count a request or an open socket as activity."""
        if self.ends_at is None:
            return
        end = self.get_expiry_date()
        if end - self.ends_at > PRECISION:
            Session.objects.filter(session_key=self.session_key).update(expire_date=end)
            self.ends_at = end


def latest_end(data: Any) -> datetime:
    """When a session with this data ends, whatever happens in it."""
    started_at = datetime.fromtimestamp(data.get(STARTED, now().timestamp()), tz=UTC)
    return started_at + timedelta(seconds=settings.SESSION_ABSOLUTE_AGE)
