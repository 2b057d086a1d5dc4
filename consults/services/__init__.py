"""Writing visits: every change of a queue, a visit, a seat or a chat goes through one of these."""

from consults.services.chat import post_chat
from consults.services.door import enter_waiting_room, leave_waiting_room
from consults.services.holding import hold_visit
from consults.services.places import outrun_relay, place_visit
from consults.services.queues import open_queue
from consults.services.seats import leave_call, release_seat, set_media, take_seat, touch_seat
from consults.services.sharing import end_lost_share, start_share, stop_share
from consults.services.visits import admit_patient, confirm_identity, finish_visit

__all__ = [
    "admit_patient",
    "confirm_identity",
    "end_lost_share",
    "enter_waiting_room",
    "finish_visit",
    "hold_visit",
    "leave_call",
    "leave_waiting_room",
    "open_queue",
    "outrun_relay",
    "place_visit",
    "post_chat",
    "release_seat",
    "set_media",
    "start_share",
    "stop_share",
    "take_seat",
    "touch_seat",
]
