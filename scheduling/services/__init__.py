"""Writing appointments and links: every change goes through one of these."""

from scheduling.services.arrival import (
    correct_no_show,
    fulfil_appointment,
    mark_arrived,
    mark_held,
    mark_no_show,
    mark_not_arrived,
)
from scheduling.services.booking import book_appointment, cancel_appointment, confirm_appointment
from scheduling.services.coming import say_coming
from scheduling.services.groups import (
    add_patient,
    confirm_patient,
    correct_patient_missing,
    mark_patient_missing,
    remove_patient,
)
from scheduling.services.guests import add_guest, remove_guest
from scheduling.services.holds import book_held, end_holds, hold_time, release_hold
from scheduling.services.lateness import tell_late
from scheduling.services.links import reissue_link, revoke_link
from scheduling.services.moving import move_appointment
from scheduling.services.pooling import book_with_anyone
from scheduling.services.rows import lock_appointment
from scheduling.services.series import book_series, cancel_series, move_series

__all__ = [
    "add_guest",
    "add_patient",
    "book_appointment",
    "book_held",
    "book_series",
    "book_with_anyone",
    "cancel_appointment",
    "cancel_series",
    "confirm_appointment",
    "confirm_patient",
    "correct_no_show",
    "correct_patient_missing",
    "end_holds",
    "fulfil_appointment",
    "hold_time",
    "lock_appointment",
    "mark_arrived",
    "mark_held",
    "mark_no_show",
    "mark_not_arrived",
    "mark_patient_missing",
    "move_appointment",
    "move_series",
    "reissue_link",
    "release_hold",
    "remove_guest",
    "remove_patient",
    "revoke_link",
    "say_coming",
    "tell_late",
]
