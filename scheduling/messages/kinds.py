"""The kinds of messages about appointments and the wait list, each with made-up words for the preview."""

import datetime as dt

from django.utils.translation import gettext_noop

from core.clock import now
from notifications import spoken
from notifications.kinds import Group, Kind, Letter, register
from scheduling.messages import looks, planning, waiting
from scheduling.messages.letters import how_words, time_words
from scheduling.models import Modality

_ZONE, _THEIRS = "America/New_York", "America/Chicago"
_LINK = "https://example.org/v/00000000-0000-0000-0000-000000000000/#example"


def register_kinds() -> None:
    """Once, when the app is ready."""
    for kind in (*_bookings(), *_reminders(), *_wait_list()):
        register(kind)


def _bookings() -> list[Kind]:
    group, booked = Group.BOOKINGS, looks.look_by(looks.booked, with_file=True)
    link = looks.look_by(looks.walked_in, with_file=False)
    moved, cancelled = (looks.look_by(still, with_file=True) for still in (looks.moved, looks.cancelled))
    return [
        # Whoever has just booked waits for it, by night too.
        Kind(planning.BOOKED, gettext_noop("Visit booked"), group, booked, _example, urgent=True),
        # They wait now, and come back by it when they lose their page.
        Kind(planning.LINK, gettext_noop("Link of a walk-in"), group, link, _example, urgent=True),
        Kind(
            planning.CONFIRMED,
            gettext_noop("Visit confirmed"),
            group,
            looks.look_by(looks.confirmed, with_file=True),
            _example,
        ),
        Kind(
            planning.MOVED, gettext_noop("Visit moved"), group, moved, _moved_example, desk_calls=True, can_be_off=False
        ),
        Kind(
            planning.CANCELLED,
            gettext_noop("Visit cancelled"),
            group,
            cancelled,
            _example,
            desk_calls=True,
            can_be_off=False,
        ),
    ]


def _reminders() -> list[Kind]:
    look = looks.look_by(looks.reminder, with_file=False)
    day, hour = planning.REMINDERS
    return [
        Kind(day, gettext_noop("First reminder"), Group.REMINDERS, look, _example, minutes_before=24 * 60),
        Kind(hour, gettext_noop("Last reminder"), Group.REMINDERS, look, _example, minutes_before=60, urgent=True),
    ]


def _wait_list() -> list[Kind]:
    joined, offer = waiting.look_joined, waiting.look_offer
    return [
        Kind(waiting.JOINED, gettext_noop("On the wait list"), Group.OFFERS, joined, _wait_example, urgent=True),
        Kind(waiting.OFFER, gettext_noop("A time is free"), Group.OFFERS, offer, _offer_example, urgent=True),
    ]


def _example() -> Letter:
    return Letter(
        {
            **time_words(_soon(), _ZONE, _THEIRS),
            **how_words(Modality.VIDEO_HOME),
            "practitioner": "Dr Ada Example",
            "is_pending": False,
            "late_minutes": 0,
            "former": "",
            "others": [],
            "gone": [],
            "gone_number": 0,
            "link": _LINK,
        }
    )


def _moved_example() -> Letter:
    former = spoken.whole(_soon() - dt.timedelta(days=1), _ZONE)
    return Letter({**_example().words, "former": former})


def _wait_example() -> Letter:
    return Letter({"link": _LINK})


def _offer_example() -> Letter:
    until = spoken.clock(now() + dt.timedelta(minutes=15), _ZONE)
    return Letter({**_example().words, "until": until})


def _soon() -> dt.datetime:
    """Three days ahead, at twenty past something."""
    return (now() + dt.timedelta(days=3)).replace(minute=20, second=0, microsecond=0)
