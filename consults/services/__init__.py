"""Writing visits: every change of a queue, a visit, a seat or a chat goes through one of these."""

from consults.services.answering import see_unanswered, tell_desks
from consults.services.attending import mark_missed, undo
from consults.services.calling import admit_patient, call_next
from consults.services.chat import post_chat
from consults.services.checks import Finding, keep_device_check
from consults.services.desk import post_from_desk, post_to_desk, read_at_desk, read_by_patient
from consults.services.door import enter_waiting_room, leave_waiting_room
from consults.services.holding import hold_visit
from consults.services.keeping import ask_callback, keep_own_place, keep_places, stay_in_line
from consults.services.line import requeue_visit
from consults.services.notes import put_note, remove_note
from consults.services.passing import offer_unpass, pass_on
from consults.services.places import outrun_relay, place_visit
from consults.services.queues import open_queue
from consults.services.seats import leave_call, release_seat, set_media, take_seat, touch_seat
from consults.services.sharing import end_lost_share, start_share, stop_share
from consults.services.visits import confirm_identity, finish_visit

__all__ = [
    "Finding",
    "admit_patient",
    "ask_callback",
    "call_next",
    "confirm_identity",
    "end_lost_share",
    "enter_waiting_room",
    "finish_visit",
    "hold_visit",
    "keep_device_check",
    "keep_own_place",
    "keep_places",
    "leave_call",
    "leave_waiting_room",
    "mark_missed",
    "offer_unpass",
    "open_queue",
    "outrun_relay",
    "pass_on",
    "place_visit",
    "post_chat",
    "post_from_desk",
    "post_to_desk",
    "put_note",
    "read_at_desk",
    "read_by_patient",
    "release_seat",
    "remove_note",
    "requeue_visit",
    "see_unanswered",
    "set_media",
    "start_share",
    "stay_in_line",
    "stop_share",
    "take_seat",
    "tell_desks",
    "touch_seat",
    "undo",
]
