"""Reading consent: the words in force, whether somebody's yes to them stands, and what a visit's people answered."""

import uuid as uuids

from django.db.models import Min, OuterRef, Q, Subquery

from accounts.models import Organization, Patient
from consent.models import Consent, ConsentText
from core.clock import today
from core.errors import NotFound

FALLBACK_LANGUAGE = "en"


def current_text(clinic: Organization, purpose: str, language: str = FALLBACK_LANGUAGE) -> ConsentText:
    """The words in force on the clinic's day, in `language` if that version is written in it, else in English.

    A text counts from the day it is published on; the very first counts before too, for without words nobody can agree.
    """
    texts = ConsentText.objects.filter(purpose=purpose)
    first_day = texts.aggregate(day=Min("published_on"))["day"]
    if first_day is None:
        raise NotFound
    published = texts.filter(published_on__lte=max(first_day, today(clinic.timezone)))
    newest = published.latest("published_on", "version")
    written = {text.language: text for text in published.filter(version=newest.version)}
    return written.get(language) or written.get(language.split("-")[0]) or written.get(FALLBACK_LANGUAGE) or newest


def standing_consent(patient: Patient, purpose: str) -> Consent | None:
    """The person's newest answer if it is a yes to the version in force; a new version asks again.

    What somebody answered before the desk said that they are this patient counts as theirs.
    """
    theirs = Q(patient=patient) | Q(patient__merged_into=patient)
    # What guests answer stands in the same record, and is theirs.
    rows = Consent.objects.select_related("text").filter(theirs, purpose=purpose, person_type="patient")
    latest = rows.order_by("-pk").first()
    if latest is None or latest.decision != Consent.Decision.PERMIT:
        return None
    return latest if latest.text.version == current_text(patient.organization, purpose).version else None


def visit_answers(visit: uuids.UUID, purpose: str) -> dict[tuple[str, int], Consent]:
    """What everybody who was asked in this visit answered last, by type and id of the person."""
    rows = Consent.objects.filter(about=visit, purpose=purpose).order_by("pk")
    return {(row.person_type, row.person_id): row for row in rows}


def visit_answer(visit: uuids.UUID, purpose: str, person_type: str, person_id: int) -> Consent | None:
    """What this person answered last in this visit."""
    rows = Consent.objects.filter(about=visit, purpose=purpose, person_type=person_type, person_id=person_id)
    return rows.order_by("-pk").first()


def agreed_in_visit(
    clinic: Organization, visit: uuids.UUID, purpose: str, person_type: str, person_id: int
) -> Consent | None:
    """This person's yes in this visit, if it is their last answer and was given to the words in force."""
    rows = Consent.objects.filter(about=visit, purpose=purpose, person_type=person_type, person_id=person_id)
    latest = rows.select_related("text").order_by("-pk").first()
    if latest is None or latest.decision != Consent.Decision.PERMIT:
        return None
    return latest if latest.text.version == current_text(clinic, purpose).version else None


def newest_decision(purpose: str, *, visit: str, person_type: str, person_id: str) -> Subquery:
    """For a query over rows that name a person and, by a path, a visit's uuid: that person's last decision there."""
    rows = Consent.objects.filter(
        about=OuterRef(visit), purpose=purpose, person_type=OuterRef(person_type), person_id=OuterRef(person_id)
    )
    return Subquery(rows.order_by("-pk").values("decision")[:1])
