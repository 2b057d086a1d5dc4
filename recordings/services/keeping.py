"""How long recordings are kept: the clinic's rules, the legal hold, and what is due. Erasing itself is in erasing."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from accounts.models import Organization
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from recordings import retention
from recordings.lifecycle import RecordingStatus
from recordings.models import Recording, RetentionRule
from recordings.policies import require_recording
from recordings.services.erasing import carry_out_decided, decide_to_erase

LONGEST_REASON = 200


@transaction.atomic
def set_rule(*, actor: Actor, visit_type: str, days: int | None) -> None:
    """Keep recordings of one type of visit (empty: of every visit) for so many days; None takes the rule away."""
    require(actor, "recordings.retention")
    if actor.organization_id is None:
        raise NotFound
    if visit_type not in retention.VISIT_TYPES:
        raise Invalid(_("We do not know that type of visit."), code="recording.visit_type", field="visit_type")
    if days is not None and not retention.SHORTEST_DAYS <= days <= retention.LONGEST_DAYS:
        words = _("Enter a number of days from %(least)s to %(most)s.")
        least_and_most = {"least": retention.SHORTEST_DAYS, "most": retention.LONGEST_DAYS}
        raise Invalid(words % least_and_most, code="recording.days", field="days")
    rules = RetentionRule.objects.filter(organization_id=actor.organization_id, visit_type=visit_type)
    former = rules.values_list("days", flat=True).first()
    if days is None:
        rules.delete()
    else:
        RetentionRule.objects.update_or_create(
            organization_id=actor.organization_id, visit_type=visit_type, defaults={"days": days}
        )
    detail = {"visit_type": visit_type, "days": days, "former": former}
    clinic = Organization.objects.get(pk=actor.organization_id)
    record(actor=actor, action="recordings.rule.set", entity=clinic, detail=detail)


@transaction.atomic
def place_hold(*, actor: Actor, recording: Recording, reason: str) -> None:
    """Keep a recording whatever its rule and its people say, until the hold is lifted."""
    require_recording(actor, "recordings.hold", recording)
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(
            _("Say in a few words why this recording has to be kept."), code="recording.reason", field="reason"
        )
    locked = _lock(recording)
    if locked.erase_asked_at is not None or locked.status == RecordingStatus.ERASED:
        raise Conflict(_("This recording is already erased, or being erased."), code="recording.erased")
    if locked.streams.exclude(erase_asked_at=None).filter(erased_at=None).exists():
        raise Conflict(_("A part of it is being erased just now. Try again in a minute."), code="recording.erasing")
    locked.legal_hold, locked.hold_reason = True, reason
    locked.save(update_fields=["legal_hold", "hold_reason"])
    # The reason itself stays with the recording: events are read by people who may not see the case.
    _record(actor, "recordings.hold.place", locked)


@transaction.atomic
def lift_hold(*, actor: Actor, recording: Recording) -> None:
    """The rules count again. Lifting what is not held is no error."""
    require_recording(actor, "recordings.hold", recording)
    locked = _lock(recording)
    if not locked.legal_hold:
        return
    locked.legal_hold, locked.hold_reason = False, ""
    locked.save(update_fields=["legal_hold", "hold_reason"])
    _record(actor, "recordings.hold.lift", locked)


def expire_recordings(instant: dt.datetime | None = None) -> int:
    """Decide what is due by rule and carry out everything decided. Returns how many recordings are erased by it now."""
    for recording in due(instant or now()):
        system = system_actor("retention", recording.organization_id)
        try:
            decide_to_erase(actor=system, recording=recording, why="rule")
        except Conflict:
            # A hold was placed since the list was read: it wins.
            continue
    return carry_out_decided()


def due(instant: dt.datetime) -> list[Recording]:
    """Recordings whose time is up and which nothing holds."""
    rules = retention.rules_by_clinic()
    ended = Recording.objects.select_related("encounter", "organization").filter(
        status__in=(RecordingStatus.READY, RecordingStatus.FAILED), legal_hold=False, erase_asked_at=None
    )
    # No rule is shorter than a day: what is younger is not even read.
    ended = ended.filter(requested_at__lt=instant - dt.timedelta(days=retention.SHORTEST_DAYS))
    return [one for one in ended.iterator(chunk_size=500) if retention.kept_until(one, rules) <= instant]


def _lock(recording: Recording) -> Recording:
    return Recording.objects.select_for_update(of=("self",)).select_related("encounter").get(pk=recording.pk)


def _record(actor: Actor, action: str, recording: Recording, **detail: object) -> None:
    record(actor=actor, action=action, entity=recording, patient_id=recording.encounter.patient_id, detail=detail)
