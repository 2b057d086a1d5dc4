"""Jobs of accounts. They carry no arguments but ids."""

from celery import shared_task

from accounts.sessions import SessionStore


@shared_task(name="accounts.clear_expired_sessions")
def clear_expired_sessions() -> None:
    """Delete the sessions that have ended; doing it twice is harmless."""
    SessionStore.clear_expired()
