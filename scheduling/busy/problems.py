"""Why a calendar could not be read: a code that is kept, and the words for its page, in English."""

from typing import Final

from django.utils.translation import gettext_noop

WORDS: Final[dict[str, str]] = {
    "address": gettext_noop(
        "This is no address of a calendar. Copy the secret iCal or ICS address from your calendar's settings."
    ),
    "https": gettext_noop("The address must begin with https://."),
    "private": gettext_noop(
        "This address leads into a private network. Only calendars on the public internet can be read."
    ),
    "unknown": gettext_noop("There is no computer by that name. Look for a typing error in the address."),
    "unreachable": gettext_noop("The computer of this calendar does not answer. We try again every 15 minutes."),
    "certificate": gettext_noop(
        "The computer of this calendar cannot show that it is the right one (its certificate does not fit)."
    ),
    "redirects": gettext_noop(
        "The address leads on and on to other addresses. Copy it once more from your calendar's settings."
    ),
    "refused": gettext_noop("The calendar is not given out at this address. Copy its secret address once more."),
    "too_big": gettext_noop("The calendar is larger than 2 MB. Use one with fewer old events."),
    "slow": gettext_noop("The calendar took longer than 10 seconds to come. We try again every 15 minutes."),
    "not_calendar": gettext_noop("What is at this address is not a calendar in the iCalendar (ICS) form."),
    "too_much": gettext_noop(
        "The calendar repeats so often that it cannot be read. Look for an event that repeats without end."
    ),
}


class Problem(Exception):  # noqa: N818
    """The calendar could not be read; `code` is one of WORDS."""

    def __init__(self, code: str) -> None:
        if code not in WORDS:
            raise ValueError(code)
        super().__init__(code)
        self.code = code
