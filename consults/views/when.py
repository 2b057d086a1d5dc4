"""What every page of a visit by link says alike: with whom, when and in which zone. It knows nothing of the patient."""

import uuid as uuids
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from consults.lifecycle import door_opens_at
from consults.models import Encounter
from consults.people import performer
from consults.views.asking import NO_RECORDING
from core.clock import now
from scheduling.selectors.offering import zone_of

TERMINAL = frozenset({"ended", "cancelled", "late"})
# There is a visit, but no room to come to: by phone, at the clinic, or not confirmed yet.
ELSEWHERE = frozenset({"elsewhere", "pending"})


def when_words(encounter: Encounter) -> dict[str, Any]:
    """Who and when, in the zone that the visit was booked in."""
    appointment = encounter.appointment
    length = appointment.ends_at - appointment.starts_at
    here = ZoneInfo(appointment.timezone)
    day, here_now = appointment.starts_at.astimezone(here).date(), now().astimezone(here).date()
    return {
        "appointment": appointment,
        "practitioner": performer(encounter),
        "zone": appointment.timezone,
        "opens_at": door_opens_at(appointment.starts_at),
        "is_today": day == here_now,
        # Who has a link to a cancelled visit needs to know which one it was until its day is over, and nobody after.
        "is_past": day < here_now,
        "minutes": int(length.total_seconds() // 60),
        "theirs": zone_of(encounter.practitioner, encounter.organization),
    }


def recording_urls(link: uuids.UUID) -> dict[str, str]:
    return {
        "consent": reverse("recording-consent", kwargs={"link": link}),
        "erase": reverse("visit-recording-erase-mine", kwargs={"link": link, "recording": NO_RECORDING}),
    }
