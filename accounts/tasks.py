"""Jobs of accounts. They carry no arguments but ids."""

from importlib import import_module

from celery import shared_task
from django.conf import settings


@shared_task(name="accounts.clear_expired_sessions")
def clear_expired_sessions() -> None:
    """Delete the sessions that have ended; doing it twice is harmless."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
