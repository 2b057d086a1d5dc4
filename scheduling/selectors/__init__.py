"""Reading appointments, times and links: whoever asks gets what is theirs or their clinic's."""

from scheduling.selectors.appointments import (
    get_appointment,
    get_link,
    link_of,
    patients_to_choose,
    states_now,
)
from scheduling.selectors.slots import DayPlan, Offer, day_plan, free_slots, nearest_free
from scheduling.selectors.taken import Others

__all__ = [
    "DayPlan",
    "Offer",
    "Others",
    "day_plan",
    "free_slots",
    "get_appointment",
    "get_link",
    "link_of",
    "nearest_free",
    "patients_to_choose",
    "states_now",
]
