"""Sessions in the database with two limits: idle (SESSION_COOKIE_AGE) and absolute (SESSION_ABSOLUTE_AGE).

The row's `expire_date` is the idle clock. It is moved on by requests and open sockets, at most once a minute and never
past the absolute limit, without rewriting the session's data: two requests at once cannot undo each other.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session

from core.clock import now

STARTED = "hc_started_at"
PRECISION = timedelta(minutes=1)


class SessionStore(DatabaseSessionStore):
    """Knows when its row ends, and counts the absolute limit from the sign-in."""

    ends_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        data = super().load()
        if self.started_in(data) + settings.SESSION_ABSOLUTE_AGE < now().timestamp():
            self.delete()
            self._session_key = None
            return {}
        return data

    def _get_session_from_db(self) -> Session | None:
        row = super()._get_session_from_db()
        self.ends_at = row.expire_date if row else None
        return row

    def cycle_key(self) -> None:
        """Called at sign-in: a new key, and the absolute limit counts from now."""
        super().cycle_key()
        self[STARTED] = now().timestamp()

    def save(self, must_create: bool = False) -> None:
        self._get_session(no_load=must_create).setdefault(STARTED, now().timestamp())
        super().save(must_create)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        idle = now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
        return min(idle, self.latest_end())

    def latest_end(self) -> datetime:
        started = self.started_in(self._session_cache if hasattr(self, "_session_cache") else {})
        return datetime.fromtimestamp(started, tz=now().tzinfo) + timedelta(seconds=settings.SESSION_ABSOLUTE_AGE)

    def keep_alive(self) -> None:
        """Count a request or an open socket as activity."""
        if not self.session_key or self.ends_at is None:
            return
        end = self.get_expiry_date()
        if end - self.ends_at > PRECISION:
            Session.objects.filter(session_key=self.session_key).update(expire_date=end)
            self.ends_at = end

    @staticmethod
    def started_in(data: dict[str, Any]) -> float:
        return float(data.get(STARTED, now().timestamp()))
