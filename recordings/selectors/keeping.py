"""Reading what is kept until when: the clinic's rules and its recordings, without a word of what is in them."""

import datetime as dt

from accounts.actors import Actor
from accounts.policy import may, require
from core.errors import NotFound
from recordings import retention
from recordings.lifecycle import RecordingStatus
from recordings.models import Recording, RetentionRule
from recordings.policies import relation_to_recording
from scheduling.viewing import record_views

MOST_ROWS = 200


def rules(actor: Actor) -> list[RetentionRule]:
    """The clinic's rules, the one for every visit first."""
    require(actor, "recordings.retention")
    if actor.organization_id is None:
        raise NotFound
    return list(RetentionRule.objects.filter(organization_id=actor.organization_id).order_by("visit_type"))


def kept_recordings(actor: Actor) -> list[tuple[Recording, dt.datetime]]:
    """The clinic's newest recordings that are not erased, and until when each is kept; the held ones first."""
    require(actor, "recordings.retention")
    if actor.organization_id is None:
        raise NotFound
    rows = (
        Recording.objects.select_related("organization", "encounter__appointment", "encounter__patient",
                                         "encounter__practitioner")
        .filter(organization_id=actor.organization_id)
        .exclude(status=RecordingStatus.ERASED)
        .order_by("-legal_hold", "-requested_at")
    )  # fmt: skip
    found = [row for row in rows[:MOST_ROWS] if may(actor, "recordings.hold", relation_to_recording(actor, row))]
    record_views(actor=actor, patient_ids=[row.encounter.patient_id for row in found], page="recordings-retention")
    known = retention.rules_by_clinic()
    return [(row, retention.kept_until(row, known)) for row in found]
