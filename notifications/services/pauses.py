"""A provider that does not answer: its channel waits, longer each time, and is then tried with one message first."""

import datetime as dt

from django.db.models import F

from core.clock import now
from notifications.channels import NotTaken
from notifications.models import Pause

SHORTEST, LONGEST = 15.0, 120.0
MOST = dt.timedelta(seconds=LONGEST)


def allowed(channel: str, usual: int) -> int:
    """How many messages may be claimed now: none in a pause, one after it until the provider takes it."""
    standing = Pause.objects.filter(channel=channel, failures__gt=0).first()
    if standing is None:
        return usual
    # A pause that is longer than any pause is: the clock was set back.
    waits = now() < standing.until <= now() + MOST
    return 0 if waits else 1


def pause(channel: str, answer: NotTaken) -> dt.datetime:
    """The provider is away: nobody asks it until the returned instant."""
    row, _ = Pause.objects.get_or_create(channel=channel, defaults={"until": now()})
    seconds = max(answer.wait, SHORTEST * 2 ** min(row.failures, 10))
    until = now() + dt.timedelta(seconds=min(seconds, LONGEST))
    Pause.objects.filter(pk=row.pk).update(until=until, failures=F("failures") + 1, reason=answer.why)
    return until


def lift(channel: str) -> None:
    """The provider took one."""
    Pause.objects.filter(channel=channel, failures__gt=0).update(failures=0, reason="")
