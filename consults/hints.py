"""Hints over the channel layer that something changed: ids only, after the commit, and lost without harm.

Whoever gets one looks again in the database; whoever misses one looks again within seconds anyway.
"""

import uuid as uuids
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from consults.lifecycle import VisitStatus
from consults.models import Encounter, Queue

log = structlog.get_logger(__name__)

ROOMS_GROUP = "rooms"


def visit_group(uuid: uuids.UUID) -> str:
    return f"visit.{uuid.hex}"


def queue_group(uuid: uuids.UUID) -> str:
    return f"queue.{uuid.hex}"


def calendar_group(organization_id: int) -> str:
    return f"calendar.{organization_id}"


def visit_changed(encounter: Encounter) -> None:
    """To the pages of one visit: its snapshot is new."""
    _send_on_commit(visit_group(encounter.uuid), {"type": "visit.changed"})


def chat_added(encounter: Encounter) -> None:
    """To the pages of one visit: there is a later chat message."""
    _send_on_commit(visit_group(encounter.uuid), {"type": "chat.added"})


def queue_changed(queue: Queue) -> None:
    """To the boards of one queue: its version has risen. To the clinic's calendars: so has its practitioner's day."""
    _send_on_commit(queue_group(queue.uuid), {"type": "queue.changed"})
    _send_on_commit(calendar_group(queue.organization_id), {"type": "calendar.changed", "queue": str(queue.uuid)})


def appointment_changed(organization_id: int, appointment: uuids.UUID) -> None:
    """To the clinic's calendars: this appointment is new. The port calls it after the commit."""
    send(calendar_group(organization_id), {"type": "calendar.changed", "visit": str(appointment)})


def line_changed(queue: Queue) -> None:
    """To the pages of everybody who waits in one queue: their place in line may be another."""
    waiting = Encounter.objects.filter(queue=queue, status=VisitStatus.ARRIVED)
    for uuid in waiting.values_list("uuid", flat=True):
        _send_on_commit(visit_group(uuid), {"type": "visit.changed"})


def room_changed(encounter: Encounter) -> None:
    """To the web processes linked to relays: this room's document is new."""
    _send_on_commit(ROOMS_GROUP, {"type": "room.changed", "room": str(encounter.uuid)})


def _send_on_commit(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(lambda: send(group, message))


def send(group: str, message: dict[str, Any]) -> None:
    """Hint at once, for what no transaction stands behind. A layer that is away breaks nothing: it costs seconds."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, message)
    except Exception:
        log.warning("hint_not_sent", kind=message["type"], exc_info=True)
