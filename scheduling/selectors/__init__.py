"""Reading appointments, times and links: whoever asks gets what is theirs or their clinic's."""

from scheduling.selectors.appointments import (
    appointments_on,
    get_appointment,
    get_link,
    link_of,
    patients_to_choose,
    states_now,
)

__all__ = ["appointments_on", "get_appointment", "get_link", "link_of", "patients_to_choose", "states_now"]
