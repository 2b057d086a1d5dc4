"""Reading visits: whoever asks gets what is theirs; the rest does not exist."""

from consults.selectors.board import (
    QueueBoard,
    QueueCounts,
    Row,
    get_queue,
    practitioners_of,
    queues,
    states_of,
    version_of,
    waiting_queue,
)
from consults.selectors.chat import ChatLine, chat_since
from consults.selectors.visits import get_visit, get_visit_for, last_place, visit_snapshot, visit_state

__all__ = [
    "ChatLine",
    "QueueBoard",
    "QueueCounts",
    "Row",
    "chat_since",
    "get_queue",
    "get_visit",
    "get_visit_for",
    "last_place",
    "practitioners_of",
    "queues",
    "states_of",
    "version_of",
    "visit_snapshot",
    "visit_state",
    "waiting_queue",
]
