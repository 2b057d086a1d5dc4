"""Writing appointments and links: every change goes through one of these."""

from scheduling.services.arrival import fulfil_appointment, mark_arrived, mark_not_arrived
from scheduling.services.booking import book_appointment, cancel_appointment
from scheduling.services.links import reissue_link, revoke_link
from scheduling.services.rows import lock_appointment

__all__ = [
    "book_appointment",
    "cancel_appointment",
    "fulfil_appointment",
    "lock_appointment",
    "mark_arrived",
    "mark_not_arrived",
    "reissue_link",
    "revoke_link",
]
