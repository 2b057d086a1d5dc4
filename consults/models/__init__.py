"""Rows of consults: lines and the pools that share them, visits and what happens in them."""

from consults.models.after import LeaveCode
from consults.models.desk import DeskMessage, DeskThread
from consults.models.lines import Pool, PoolHours, PoolMember, Queue
from consults.models.reading import WaitingText
from consults.models.visits import (
    Arrival,
    ChatMessage,
    DeskNote,
    DoorCheck,
    Encounter,
    Seat,
    Station,
    Unanswered,
    WaitTold,
)

__all__ = [
    "Arrival",
    "ChatMessage",
    "DeskMessage",
    "DeskNote",
    "DeskThread",
    "DoorCheck",
    "Encounter",
    "LeaveCode",
    "Pool",
    "PoolHours",
    "PoolMember",
    "Queue",
    "Seat",
    "Station",
    "Unanswered",
    "WaitTold",
    "WaitingText",
]
