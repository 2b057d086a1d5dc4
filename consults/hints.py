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
# A group and what it is told.
Hint = tuple[str, dict[str, Any]]


def visit_group(uuid: uuids.UUID) -> str:
    return f"visit.{uuid.hex}"


def queue_group(uuid: uuids.UUID) -> str:
    return f"queue.{uuid.hex}"


def calendar_group(organization_id: int) -> str:
    return f"calendar.{organization_id}"


def visit_changed(encounter: Encounter) -> None:
    """To the pages of one visit: its snapshot is new."""
    _send_on_commit((visit_group(encounter.uuid), {"type": "visit.changed"}))


def visit_stored(encounter: Encounter) -> None:
    """The same, with the version that the change has brought: a page that shows that one has seen it."""
    hint = {"type": "visit.changed", "version": encounter.room_version}
    _send_on_commit((visit_group(encounter.uuid), hint))


def chat_added(encounter: Encounter) -> None:
    """To the pages of one visit: there is a later chat message."""
    _send_on_commit((visit_group(encounter.uuid), {"type": "chat.added"}))


def desk_changed(encounter: Encounter) -> None:
    """To the pages of one visit, and to the clinic's pages of it: a message between patient and desk is there."""
    calendar = {"type": "calendar.changed", "visit": str(encounter.appointment.uuid)}
    page = {"type": "visit.changed"}
    _send_on_commit((visit_group(encounter.uuid), page), (calendar_group(encounter.organization_id), calendar))


def queue_changed(queue: Queue) -> None:
    """To the boards of one queue: its version has risen. To the clinic's calendars: so has its practitioner's day."""
    calendar = {"type": "calendar.changed", "queue": str(queue.uuid)}
    board = {"type": "queue.changed"}
    _send_on_commit((queue_group(queue.uuid), board), (calendar_group(queue.organization_id), calendar))


def lines_changed(queue: Queue) -> None:
    """To the boards of one practitioner: it shows other lines than before."""
    _send_on_commit((queue_group(queue.uuid), {"type": "lines.changed"}))


def appointment_changed(organization_id: int, appointment: uuids.UUID) -> None:
    """To the clinic's calendars: this appointment is new. The port calls it after the commit."""
    send((calendar_group(organization_id), {"type": "calendar.changed", "visit": str(appointment)}))


def line_changed(queue: Queue) -> None:
    """To the pages of everybody who waits in one queue: their place in line may be another."""
    waiting = Encounter.objects.filter(queue=queue, status=VisitStatus.ARRIVED)
    for uuid in waiting.values_list("uuid", flat=True):
        _send_on_commit((visit_group(uuid), {"type": "visit.changed"}))


def room_changed(encounter: Encounter) -> None:
    """To the web processes linked to relays: this room's document is new."""
    _send_on_commit((ROOMS_GROUP, {"type": "room.changed", "room": str(encounter.uuid)}))


class _Together:
    """What one transaction has to tell. Nothing comes to what was sent: tests run hooks and go on without a commit."""

    def __init__(self) -> None:
        self.every: list[Hint] = []
        self.is_sent = False

    def __call__(self) -> None:
        self.is_sent = True
        send(*self.every)


def _send_on_commit(*every: Hint) -> None:
    """In one hop with what is to be told already, unless a savepoint may take back the one and not the other."""
    connection = transaction.get_connection()
    inside = set(connection.savepoint_ids)
    hooks = (hook for savepoints, hook, _ in connection.run_on_commit if savepoints == inside)
    together = next((hook for hook in hooks if isinstance(hook, _Together) and not hook.is_sent), None)
    if together is None:
        together = _Together()
        # Outside a transaction it is called at once.
        together.every += every
        transaction.on_commit(together)
    else:
        together.every += every


def send(*every: Hint) -> None:
    """Hint at once, for what no transaction stands behind; all in one hop to the event loop and back.

    A layer that is away breaks nothing: it costs seconds.
    """
    layer = get_channel_layer()
    if layer is None:
        return

    async def publish() -> None:
        for group, message in every:
            await layer.group_send(group, message)

    try:
        async_to_sync(publish)()
    except Exception:
        log.warning("hint_not_sent", kinds=[message["type"] for _, message in every], exc_info=True)
