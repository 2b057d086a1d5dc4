"""The sweep: says that workers live, and which channels have something due."""

from core.clock import now
from notifications.lifecycle import OPEN
from notifications.models import Beat, Channel, Message

WORKER = "worker"
_OPEN = [status.value for status in OPEN]


def sweep() -> list[str]:
    """The channels to set to work, twice where more is due than one worker sends quickly."""
    Beat.objects.update_or_create(name=WORKER, defaults={"at": now()})
    found: list[str] = []
    for channel in Channel.values:
        due = Message.objects.filter(channel=channel, status__in=_OPEN, next_at__lte=now())
        waiting = len(due.order_by("next_at").values_list("pk", flat=True)[: 2 * MANY])
        found += [channel] * min(2, -(-waiting // MANY))
    return found


MANY = 50
