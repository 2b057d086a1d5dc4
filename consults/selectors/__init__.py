"""Reading visits: whoever asks gets what is theirs; the rest does not exist."""

from consults.selectors.board import (
    QueueBoard,
    QueueCounts,
    Row,
    states_of,
    version_of,
    waiting_queue,
)
from consults.selectors.chat import ChatLine, chat_since
from consults.selectors.checks import DeviceWords, device_checks, device_trouble, device_words
from consults.selectors.queues import get_queue, practitioners_of, queues, visit_on_board
from consults.selectors.visits import get_visit, get_visit_for, last_place, last_said, visit_snapshot, visit_state

__all__ = [
    "ChatLine",
    "DeviceWords",
    "QueueBoard",
    "QueueCounts",
    "Row",
    "chat_since",
    "device_checks",
    "device_trouble",
    "device_words",
    "get_queue",
    "get_visit",
    "get_visit_for",
    "last_place",
    "last_said",
    "practitioners_of",
    "queues",
    "states_of",
    "version_of",
    "visit_on_board",
    "visit_snapshot",
    "visit_state",
    "waiting_queue",
]
