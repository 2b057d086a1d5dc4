"""What the pages of a visit need in order to ask: which questions are open, and in which words. Holds no request."""

import uuid as uuids
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient
from consent.models import Consent, ConsentText, Purpose
from consent.selectors import agreed_in_visit, current_text, language_shown, right_of, standing_consent
from consults import selectors
from consults.forms import (
    SHORT_CONSENT,
    SHORT_CONSENT_OF_GUESTS,
    SHORT_RECORDING,
    SHORT_RECORDING_FOR_GUESTS,
    ConsentForm,
)
from consults.models import Encounter
from consults.people import asked_for, patient_of, performer

NO_RECORDING = uuids.UUID(int=0)
"""Stands in an address for the recording that the page is told of later."""


@dataclass(frozen=True)
class Questions:
    """The questions at the door of one visit."""

    standing: Consent | None
    """The yes to video visits that counts already."""
    recording: dict[str, Any] | None
    """What this person may know of the recording; None where this house does not record."""
    about: Encounter
    patient: Patient
    """Who is asked, or comes along with whom is."""
    is_guest: bool = False
    for_patient: bool = False
    """Somebody agrees for the patient."""
    may_record: bool = True
    """Whether this person may say yes to a recording; else nobody asks them."""

    @property
    def asks_video(self) -> bool:
        return self.standing is None

    @property
    def asks_recording(self) -> bool:
        return self.recording is not None and self.may_record

    @property
    def open(self) -> bool:
        """Whether an answer is missing."""
        unasked = self.recording is not None and self.recording["mine"] == "unasked"
        return self.asks_video or (self.asks_recording and unasked)

    @property
    def steps(self) -> int:
        """A yes given at this very door was one of its steps: the count holds after a reload."""
        if self.is_guest:
            return 2
        asked_here = self.standing is None or self.standing.about == self.about.uuid
        return 3 if asked_here or self.asks_recording else 2

    @property
    def language(self) -> str:
        """The page's; where no page speaks theirs, theirs. Which is a guest's nobody knows: the clinic's."""
        return language_shown(self.about.organization.language if self.is_guest else self.patient.language)

    def form(self, data: Any = None) -> ConsentForm:
        """The questions as they stand, with nothing chosen beforehand."""
        initial = {
            "version": video_text(self.about, self.language).shown_as,
            "recording_version": recording_text(self.about, self.language).shown_as,
            "asked_for": asked_for(self.about),
        }
        return ConsentForm(data, initial=initial, asks_video=self.asks_video, asks_recording=self.asks_recording)


def questions(actor: Actor, encounter: Encounter) -> Questions:
    """Which questions a patient of the visit is asked at its door."""
    patient = patient_of(actor, encounter)
    standing = standing_consent(patient, Purpose.TELEHEALTH)
    if actor.for_patient_id is None:
        return Questions(standing, recording_of(actor, encounter), encounter, patient)
    # A child's own yes does not spare the question; one that somebody gave who may does.
    given = standing if standing is not None and standing.right_id is not None else None
    may_record = right_of(actor.related_id, patient, Purpose.RECORDING) is not None
    recording = recording_of(actor, encounter)
    return Questions(given, recording, encounter, patient, for_patient=True, may_record=may_record)


def agree_words(asked: Questions) -> str:
    """Beside the box that is ticked."""
    doctor = asked.about.practitioner.short_name
    if not asked.for_patient:
        return _("Yes, I agree to see %(doctor)s by video") % {"doctor": doctor}
    words = _("Yes, I agree for %(patient)s, and for myself, to see %(doctor)s by video")
    return words % {"patient": asked.patient.given_name, "doctor": doctor}


def questions_to_guest(actor: Actor, encounter: Encounter) -> Questions:
    """Which questions a guest is asked at the same door: theirs are asked at every visit."""
    standing = None
    if actor.id is not None:
        clinic, person = encounter.organization, actor.id
        standing = agreed_in_visit(clinic, encounter.uuid, Purpose.TELEHEALTH, actor.type, person)
    return Questions(standing, recording_of(actor, encounter), encounter, encounter.patient, is_guest=True)


def for_whom_recorded(asked: Questions) -> dict[str, str]:
    """The short words for who agrees for a patient: they play nothing themselves. Nothing for patients."""
    if not asked.for_patient:
        return {}
    doctor = asked.about.practitioner.short_name
    return {"recording_short": SHORT_RECORDING_FOR_GUESTS.format(patient=asked.patient.given_name, doctor=doctor)}


def records(actor: Actor, encounter: Encounter) -> bool:
    """Whether this house can record the visit; where it cannot, no page says a word about recording."""
    return recording_of(actor, encounter) is not None


def recording_of(actor: Actor, encounter: Encounter) -> dict[str, Any] | None:
    """What this person may know of the visit's recording; None where this house does not record."""
    found: dict[str, Any] | None = selectors.visit_snapshot(actor, encounter).get("recording")
    return found


def was_recorded(recording: dict[str, Any] | None) -> bool:
    """Whether the visit's page leads to something that was recorded."""
    return recording is not None and recording["state"] not in {"none", "failed", "erased"}


def video_text(encounter: Encounter, language: str) -> ConsentText:
    return current_text(encounter.organization, Purpose.TELEHEALTH, language)


def recording_text(encounter: Encounter, language: str) -> ConsentText:
    return current_text(encounter.organization, Purpose.RECORDING, language)


def video_words(encounter: Encounter, language: str) -> dict[str, Any]:
    """The short words above the tick box, and the full ones where they say more than these."""
    text, doctor = video_text(encounter, language), performer(encounter).short_name
    short, full = SHORT_CONSENT.format(doctor=doctor), text.body_for(doctor)
    return {
        "consent_text": text,
        "consent_short": short,
        "consent_full": "" if full.split() == short.split() else full,
    }


def words_for_guest(encounter: Encounter, patient: str) -> dict[str, Any]:
    """The same questions, in words for who comes along; the full text of each is the clinic's one text."""
    language, doctor = language_shown(encounter.organization.language), performer(encounter).short_name
    text = video_text(encounter, language)
    return {
        "consent_text": text,
        "consent_short": SHORT_CONSENT_OF_GUESTS,
        "consent_full": text.body_for(doctor),
        **recording_words(encounter, language),
        "recording_short": SHORT_RECORDING_FOR_GUESTS.format(patient=patient, doctor=doctor),
    }


def recording_words(encounter: Encounter, language: str) -> dict[str, Any]:
    """What is read before somebody agrees to be recorded."""
    text, doctor = recording_text(encounter, language), performer(encounter).short_name
    return {
        "recording_text": text,
        "recording_asked_for": asked_for(encounter),
        "recording_short": SHORT_RECORDING.format(doctor=doctor),
        "recording_full": text.body_for(doctor),
    }
