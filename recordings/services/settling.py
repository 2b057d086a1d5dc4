"""Making an open recording agree with what people answered and who is there: streams, keys, state, room version."""

import datetime as dt

import structlog

from accounts.actors import Actor, system_actor
from consent.models import Consent, Purpose
from consent.selectors import visit_answers
from consults import hints
from consults.lifecycle import BEGUN, VisitStatus
from consults.models import Encounter, Seat
from consults.services.rows import locked_visit, store_change
from core.clock import now
from core.ids import new_uuid
from recordings import keystore
from recordings.models import Recording, Stream
from recordings.permission import PERMIT, Person, person_of, who_may_be_recorded
from recordings.services.rows import open_recording, record_recording, restate

log = structlog.get_logger(__name__)


def settle(actor: Actor, encounter: Encounter, recording: Recording) -> None:
    """Both rows are locked. The room's version rises with each change of what its relay may write."""
    instant = now()
    answers = visit_answers(encounter.uuid, Purpose.RECORDING, encounter.performer_since)
    decisions = {Person(*key): row.decision for key, row in answers.items()}
    seats = list(Seat.objects.filter(encounter=encounter).order_by("pk"))
    has_changed, without_key = _match_streams(actor, recording, seats, decisions, instant)
    heard = {person: decision for person, decision in decisions.items() if person not in without_key}
    is_due = encounter.status == VisitStatus.IN_PROGRESS and bool(who_may_be_recorded(seats, heard))
    if is_due != (recording.due_at is not None):
        recording.due_at = instant if is_due else None
        recording.permitted_at = recording.permitted_at or recording.due_at
        has_changed = True
    restate(actor, recording, instant, key_missing=bool(without_key))
    recording.save()
    if has_changed:
        store_change(encounter)


def consent_answered(actor: Actor, consent: Consent) -> None:
    """Listener: whichever way a yes or a no came into the ledger, the room's document follows in the same step."""
    if consent.purpose != Purpose.RECORDING or consent.about is None:
        return
    encounter = Encounter.objects.filter(uuid=consent.about).first()
    if encounter is None:
        return
    encounter = locked_visit(encounter)
    hints.visit_changed(encounter)
    recording = open_recording(encounter)
    if recording is not None:
        settle(actor, encounter, recording)


def seats_changed(actor: Actor, encounter: Encounter) -> None:
    """Listener: who sits down with a yes is recorded from now on; too few left, and nobody is."""
    if encounter.status not in BEGUN:
        return
    recording = open_recording(encounter)
    if recording is not None:
        settle(system_actor("recording", encounter.organization_id), encounter, recording)


def _match_streams(
    actor: Actor, recording: Recording, seats: list[Seat], decisions: dict[Person, str], instant: dt.datetime
) -> tuple[bool, set[Person]]:
    """A stream for everybody with a yes, none open for anybody else. Whether any changed; whose key is missing."""
    has_changed, without_key = False, set()
    streams = {
        Person(row.person_type, row.person_id): row
        for row in Stream.objects.select_for_update().filter(recording=recording, erase_asked_at=None)
    }
    for person, stream in streams.items():
        agrees = decisions.get(person) == PERMIT
        if agrees == (stream.ended_at is None):
            continue
        stream.ended_at = None if agrees else instant
        stream.closed = False
        stream.save(update_fields=["ended_at", "closed"])
        act = "recordings.stream.open" if agrees else "recordings.stream.close"
        record_recording(actor, act, recording, stream=str(stream.uuid))
        has_changed = True
    for seat in seats:
        if person_of(seat) not in streams and decisions.get(person_of(seat)) == PERMIT:
            if _open_stream(actor, recording, seat, instant):
                has_changed = True
            else:
                without_key.add(person_of(seat))
    return has_changed, without_key


def _open_stream(actor: Actor, recording: Recording, seat: Seat, instant: dt.datetime) -> bool:
    """False when the key cannot be made: the yes is kept all the same, and the watch tries again."""
    uuid = new_uuid()
    try:
        recipient = keystore.new_stream_key(recording.organization.uuid, uuid)
    except (keystore.KeystoreError, OSError):
        log.exception("recording_key_not_made", recording=str(recording.uuid))
        return False
    Stream.objects.create(
        uuid=uuid,
        recording=recording,
        seat=seat.uuid,
        person_type=seat.actor_type,
        person_id=seat.actor_id,
        label=seat.label,
        recipient=recipient,
        began_at=instant,
    )
    record_recording(actor, "recordings.stream.open", recording, stream=str(uuid))
    return True
