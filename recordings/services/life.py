"""Writing a recording's beginning and end, and what the people in the visit answer."""

import uuid as uuids

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consent.models import Consent
from consults.lifecycle import OVER, VisitStatus
from consults.models import Encounter
from consults.policies import require_visit, visit_over
from consults.services.asking import answer_about_recording
from consults.services.rows import locked_visit, store_change
from core.clock import now
from core.errors import Conflict
from core.ids import new_uuid
from recordings import disk, keystore
from recordings.lifecycle import Problem, RecordingStatus
from recordings.models import Recording, Stream
from recordings.selectors.erasable import erasable_recording
from recordings.services.rows import move, open_recording, record_recording
from recordings.services.settling import settle

log = structlog.get_logger(__name__)


@transaction.atomic
def start_recording(*, actor: Actor, encounter: Encounter, text_version: str) -> Recording:
    """Ask everybody in the visit; with the press the practitioner agrees to the words shown beside it.

    Nothing is written before one other person has agreed. Pressing again, or in two tabs at once, finds the recording
    there is. Conflict `recording.not_set_up`, `recording.full` or `recording.keys` when this house cannot record now.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "recordings.start", encounter)
    _require_for_one(encounter)
    if encounter.status != VisitStatus.IN_PROGRESS:
        raise Conflict(_("You can record once the call has begun."), code="visit.not_open")
    standing = open_recording(encounter)
    if standing is None:
        _require_room(encounter)
    _answer(actor, encounter, Consent.Decision.PERMIT, text_version)
    if standing is not None:
        standing.refresh_from_db()
        return standing
    recording = _new_recording(actor, encounter)
    record_recording(actor, "recordings.start", recording)
    move(actor, recording, RecordingStatus.WAITING)
    settle(actor, encounter, recording)
    store_change(encounter)
    return recording


@transaction.atomic
def stop_recording(*, actor: Actor, encounter: Encounter) -> Recording:
    """End it for everybody, for good; what there is is put together. Stopping once more changes nothing."""
    encounter = locked_visit(encounter)
    require_visit(actor, "recordings.stop", encounter)
    recording = open_recording(encounter)
    if recording is not None:
        record_recording(actor, "recordings.stop", recording)
        finish(actor, encounter, recording)
        return recording
    ended = Recording.objects.filter(encounter=encounter).order_by("-pk").first()
    if ended is None:
        raise Conflict(_("This visit is not recorded."), code="recording.none")
    return ended


@transaction.atomic
def answer_recording(
    *, actor: Actor, encounter: Encounter, decision: str, text_version: str, asked_for: str = ""
) -> uuids.UUID | None:
    """Keep the actor's own yes or no; `asked_for` is whom the question named (consults.people.asked_for). After a
    no: the recording that holds a part of theirs which may be erased.

    A no counts whenever it is said; a yes only until the visit is over.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "recordings.consent", encounter)
    _require_for_one(encounter)
    if encounter.status in OVER and decision != Consent.Decision.DENY:
        raise visit_over()
    consent = _answer(actor, encounter, decision, text_version, asked_for)
    return erasable_recording(actor, encounter) if consent.decision == Consent.Decision.DENY else None


def end_with_visit(actor: Actor, encounter: Encounter) -> None:
    """Listener: a recording ends with its visit at the latest, and where another practitioner goes on with it."""
    recording = open_recording(encounter)
    if recording is not None:
        finish(actor, encounter, recording)


def finish(actor: Actor, encounter: Encounter, recording: Recording, problem: str = "") -> None:
    """Both rows are locked. Nothing may be written any more; where nothing ever was allowed to be, there is no file."""
    instant = now()
    Stream.objects.filter(recording=recording, ended_at=None).update(ended_at=instant)
    was_permitted = recording.permitted_at is not None
    recording.ended_at, recording.due_at = instant, None
    recording.problem = problem if was_permitted else Problem.CONSENT
    move(actor, recording, RecordingStatus.FINISHING if was_permitted else RecordingStatus.FAILED)
    recording.save()
    store_change(encounter)


def _require_for_one(encounter: Encounter) -> None:
    """The words that people agree to promise that only patient and practitioner can play it."""
    if encounter.appointment.is_group:
        raise Conflict(_("Group visits are not recorded."), code="recording.group")


def _answer(actor: Actor, encounter: Encounter, decision: str, text_version: str, asked_for: str = "") -> Consent:
    return answer_about_recording(
        actor=actor, encounter=encounter, decision=decision, text_version=text_version, asked_for=asked_for
    )


def _require_room(encounter: Encounter) -> None:
    if not keystore.has_clinic_key(encounter.organization.uuid):
        raise Conflict(
            _("Recording is not set up in this clinic. Ask who runs its server."), code="recording.not_set_up"
        )
    if not disk.room().is_enough:
        raise Conflict(
            _("The clinic's disk is nearly full, so nothing can be recorded. Ask who runs its server."),
            code="recording.full",
        )


def _new_recording(actor: Actor, encounter: Encounter) -> Recording:
    uuid = new_uuid()
    try:
        keystore.new_mac(encounter.organization.uuid, uuid)
    except (keystore.KeystoreError, OSError):
        log.exception("recording_mac_not_made", recording=str(uuid))
        raise Conflict(
            _("The recording's keys cannot be kept now. Try again in a minute."), code="recording.keys"
        ) from None
    return Recording.objects.create(
        uuid=uuid,
        organization=encounter.organization,
        encounter=encounter,
        requested_at=now(),
        requested_by_type=actor.type,
        requested_by_id=actor.id,
        requested_by_label=actor.label,
    )
