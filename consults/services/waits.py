"""Writing what people were told of their wait, and how long it was then, so that the house can score itself."""

import datetime as dt

from consults.models import Encounter, WaitTold
from consults.selectors.waiting import waits_now
from core.clock import now

KEPT_FOR = dt.timedelta(days=90)


def note_told(encounter: Encounter) -> None:
    """For the services of this app: somebody has come in and is told a range now, or that we cannot say."""
    instant = now()
    found = waits_now(encounter.queue, instant).told.get(encounter.pk)
    if found is None:
        forget_told(encounter)
        return
    low_s, high_s = found
    WaitTold.objects.update_or_create(
        encounter=encounter,
        defaults={
            "organization_id": encounter.organization_id,
            "told_at": instant,
            "low_s": low_s,
            "high_s": high_s,
            "waited_s": None,
        },
    )


def note_called_in(encounter: Encounter) -> None:
    """For the services of this app: the wait is over."""
    told = WaitTold.objects.filter(encounter=encounter, waited_s=None).first()
    if told is None or encounter.started_at is None:
        return
    told.waited_s = max(0, round((encounter.started_at - told.told_at).total_seconds()))
    told.save(update_fields=["waited_s"])


def uncount_called_in(encounter: Encounter) -> None:
    """For the services of this app: it was a mistake, and the wait goes on. What was told in a line before stands."""
    here = encounter.stations.filter(until=None).values("since")[:1]
    WaitTold.objects.filter(encounter=encounter).exclude(told_at__lt=here).update(waited_s=None)


def forget_told(encounter: Encounter) -> None:
    """For the services of this app: they left the line, or it is another line now; no wait came of what was told."""
    WaitTold.objects.filter(encounter=encounter, waited_s=None).delete()


def prune_waits() -> int:
    """Delete what was told long ago, and return how much; doing it twice is harmless."""
    return WaitTold.objects.filter(told_at__lt=now() - KEPT_FOR).delete()[0]
