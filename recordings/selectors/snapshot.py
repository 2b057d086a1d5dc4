"""Reading a visit's recording as the pages of the people in the visit show it (docs/signaling.md)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from accounts.actors import Actor
from accounts.policy import may
from accounts.roles import Role
from consent.models import Consent, Purpose
from consent.selectors import visit_answers, visits_answers
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Seat
from consults.policies import relation_to_visit
from consults.selectors.shown import is_withheld
from core.clock import now
from recordings import keystore
from recordings.lifecycle import OPEN, Facts, RecordingStatus, bytes_arrive
from recordings.models import Recording
from recordings.selectors.erasable import erasable_recording
from recordings.selectors.playback import recordings_of_visit

UNASKED = "unasked"
_TIMELESS = {"until": None, "since": None}
_RECORDINGS = Prefetch("recordings", queryset=Recording.objects.order_by("-pk"), to_attr="recordings_read")
Answers = dict[tuple[str, int], Consent]


def snapshot_part(encounter: Encounter, actor: Actor) -> dict[str, Any]:
    """The snapshot's `recording`: null where this house cannot record and never has in this visit."""
    if encounter.appointment.is_group:
        # Groups are not recorded: the words that people agree to promise that only two can play it.
        return {"recording": None}
    newest = _newest(encounter)
    can_record = keystore.has_clinic_key(encounter.organization.uuid)
    if newest is None and not can_record:
        return {"recording": None}
    answers, seats = _answers(encounter), _seats(encounter)
    mine = _answer(answers, actor.type, actor.id)
    is_open = newest is not None and newest.status in OPEN
    is_practitioner = Role.PRACTITIONER in actor.roles
    return {
        "recording": {
            **_state(newest, now()),
            **(_TIMELESS if is_withheld(actor, encounter) else {}),
            "agreed": sum(_of_seat(answers, seat) == Consent.Decision.PERMIT for seat in seats),
            "of": len(seats),
            "mine": mine,
            "asked": is_open and mine == UNASKED,
            "erasable": _erasable(actor, encounter) if mine == Consent.Decision.DENY else None,
            "may_start": can_record and not is_open and _may_start(actor, encounter),
            "plays": _playable(actor, encounter) if newest is not None and not is_open else [],
            "people": [{"seat": str(seat.uuid), "answer": _of_seat(answers, seat)} for seat in seats]
            if is_practitioner
            else [],
        }
    }


def read_for_snapshots(encounters: Sequence[Encounter]) -> None:
    """What `snapshot_part` reads of many visits at once: their recordings and, where it asks for them, the answers."""
    prefetch_related_objects(encounters, _RECORDINGS)
    asked = [one for one in encounters if _newest(one) is not None or keystore.has_clinic_key(one.organization.uuid)]
    if asked:
        answers = visits_answers({one.uuid: one.performer_since for one in asked}, Purpose.RECORDING)
        for one in asked:
            one.recording_answers_read = answers[one.uuid]  # type: ignore[attr-defined]


def _newest(encounter: Encounter) -> Recording | None:
    read: list[Recording] | None = getattr(encounter, "recordings_read", None)
    if read is not None:
        return read[0] if read else None
    return Recording.objects.filter(encounter=encounter).order_by("-pk").first()


def _answers(encounter: Encounter) -> Answers:
    read: Answers | None = getattr(encounter, "recording_answers_read", None)
    return visit_answers(encounter.uuid, Purpose.RECORDING, encounter.performer_since) if read is None else read


def _seats(encounter: Encounter) -> list[Seat]:
    read: list[Seat] | None = getattr(encounter, "seats_read", None)
    return list(Seat.objects.filter(encounter=encounter, left_at=None).order_by("pk")) if read is None else read


def _state(recording: Recording | None, instant: dt.datetime) -> dict[str, Any]:
    if recording is None:
        return {"state": "none", "on": False, "problem": None, "until": None, "since": None}
    is_on = recording.status in OPEN and bytes_arrive(
        Facts(True, recording.due_at, recording.relay_state, recording.heard_at), instant
    )
    return {
        "state": str(recording.status),
        "on": is_on,
        "problem": recording.problem or None,
        "until": _iso(recording.safe_at),
        "since": _iso(recording.began_at),
    }


def _playable(actor: Actor, encounter: Encounter) -> list[str]:
    return [str(row.uuid) for row in recordings_of_visit(actor, encounter) if row.status == RecordingStatus.READY]


def _may_start(actor: Actor, encounter: Encounter) -> bool:
    if encounter.status != VisitStatus.IN_PROGRESS:
        return False
    return may(actor, "recordings.start", relation_to_visit(actor, encounter))


def _erasable(actor: Actor, encounter: Encounter) -> str | None:
    found = erasable_recording(actor, encounter)
    return str(found) if found else None


def _of_seat(answers: Answers, seat: Seat) -> str:
    return _answer(answers, seat.actor_type, seat.actor_id)


def _answer(answers: Answers, person_type: str, person_id: int | None) -> str:
    found = answers.get((person_type, person_id)) if person_id is not None else None
    return found.decision if found else UNASKED


def _iso(instant: dt.datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def has_recordings(encounter: Encounter) -> bool:
    """Whether somebody pressed Record in this call: one that was recorded was no mistake. Not in an earlier one, from
    which the visit was passed on."""
    return Recording.objects.filter(encounter=encounter, requested_at__gte=encounter.started_at).exists()


def was_recorded(encounter: Encounter) -> bool:
    """Whether there is, or was, a recording of any call of this visit."""
    return Recording.objects.filter(encounter=encounter).exists()
