"""Until when a recording is kept: its own date, else the rule of its type of visit, else the clinic's, else ours."""

import datetime as dt
from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext_noop

from recordings.models import Recording, RetentionRule

VIDEO = "video"
# By code. Whatever is recorded was a visit by video; a clinic's own types come with its calendar.
VISIT_TYPES = {"": gettext_noop("Every visit"), VIDEO: gettext_noop("Video visits")}
SHORTEST_DAYS, LONGEST_DAYS = 1, 36_500

Rules = Mapping[tuple[int, str], int]


def rules_by_clinic() -> dict[tuple[int, str], int]:
    """Days by clinic and type of visit, all in one query."""
    rows = RetentionRule.objects.values_list("organization_id", "visit_type", "days")
    return {(organization, visit_type): days for organization, visit_type, days in rows}


def days_kept(recording: Recording, rules: Rules) -> int:
    """For how many days after its end."""
    clinic = recording.organization_id
    return rules.get((clinic, VIDEO), rules.get((clinic, ""), settings.RECORDING_KEEP_DAYS))


def kept_until(recording: Recording, rules: Rules) -> dt.datetime:
    """The instant from which on it is due, unless it is held."""
    if recording.keep_until is not None:
        return recording.keep_until
    ended_at = recording.ended_at or recording.requested_at
    return ended_at + dt.timedelta(days=days_kept(recording, rules))
