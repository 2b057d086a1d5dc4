"""What every staff page says of messages: how many reached nobody today, and what is wrong with the sending itself."""

from typing import Any

from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from accounts.actors import ANONYMOUS
from accounts.policy import may
from accounts.selectors import organization_of
from notifications.selectors.health import alarms
from notifications.selectors.messages import unreached_today

# One look at the outbox for all the pages that are asked for meanwhile.
ALARM_SECONDS = 5


def messages_of_staff(request: HttpRequest) -> dict[str, Any]:
    """Asked for only when a page shows it, and then some seconds old; error pages show without a database, too."""
    actor = getattr(request, "actor", ANONYMOUS)

    def count() -> int:
        if not may(actor, "notifications.message.list"):
            return 0
        try:
            clinic = organization_of(actor)
            return unreached_today(clinic.pk, clinic.timezone) if clinic else 0
        except DatabaseError:
            return 0

    def what_is_wrong() -> list[str]:
        if not actor.is_staff:
            return []
        try:
            return list(cache.get_or_set(f"notifications.alarms:{get_language()}", alarms, ALARM_SECONDS) or [])
        except DatabaseError:
            return []

    return {"unreached": SimpleLazyObject(count), "message_alarms": SimpleLazyObject(what_is_wrong)}
