"""Reading consent: the words in force, whether somebody's yes to them stands, and what a visit's people answered."""

import datetime as dt
import uuid as uuids
from collections.abc import Collection, Mapping

from django.conf import settings
from django.db.models import Case, Min, OuterRef, Q, Subquery, Value, When
from django.utils.translation import get_language

from accounts.models import Organization, Patient, RelatedPerson
from consent import rights
from consent.models import Consent, ConsentRight, ConsentText
from core.clock import today
from core.errors import NotFound

FALLBACK_LANGUAGE = "en"


def current_text(clinic: Organization, purpose: str, language: str = FALLBACK_LANGUAGE) -> ConsentText:
    """The words in force on the clinic's day, in `language` if that version is written in it, else in English.

    A text counts from the day it is published on; the very first counts before too, for without words nobody can agree.
    The newest version is the one that was first published last, in whatever language: an older one that is translated
    afterwards stays the older one.
    """
    texts = ConsentText.objects.filter(purpose=purpose)
    first_day = texts.aggregate(day=Min("published_on"))["day"]
    if first_day is None:
        raise NotFound
    published = texts.filter(published_on__lte=max(first_day, today(clinic.timezone)))
    versions = published.values("version").annotate(first=Min("published_on")).order_by("-first", "-version")
    newest = published.filter(version=versions.values("version")[:1]).order_by("published_on", "pk")
    written = {text.language: text for text in newest}
    wanted = (language, language.split("-")[0], FALLBACK_LANGUAGE, *written)
    return next(written[one] for one in wanted if one in written)


def language_shown(usual: str) -> str:
    """In which language a page shows the words: its own, as the reader chose it; `usual` where no page speaks that."""
    spoken = {code.split("-")[0] for code, _ in settings.LANGUAGES}
    return (get_language() or FALLBACK_LANGUAGE).split("-")[0] if usual.split("-")[0] in spoken else usual


def standing_consent(patient: Patient, purpose: str) -> Consent | None:
    """The person's newest answer if it is a yes to the version in force; a new version asks again.

    What somebody answered before the desk said that they are this patient counts as theirs. A yes that somebody else
    gave for them stands as long as the right to give it: who comes of age is asked.
    """
    theirs = Q(patient=patient) | Q(patient__merged_into=patient)
    # What guests answer stands in the same record, and is theirs.
    rows = Consent.objects.select_related("text", "right__related__patient__merged_into", "right__organization")
    latest = rows.filter(theirs, purpose=purpose, person_type="patient").order_by("-pk").first()
    if latest is None or latest.decision != Consent.Decision.PERMIT:
        return None
    if latest.right is not None and not right_counts(latest.right):
        return None
    return latest if latest.text.version == current_text(patient.organization, purpose).version else None


def visit_answers(visit: uuids.UUID, purpose: str, since: dt.datetime | None = None) -> dict[tuple[str, int], Consent]:
    """What everybody who was asked in this visit answered last, by type and id of the person.

    Where the visit went to another practitioner, `since` then, a yes from before counts no more, for its words named
    the former one: as if that person had not been asked. A no counts on.
    """
    return visits_answers({visit: since}, purpose)[visit]


def visits_answers(
    since: Mapping[uuids.UUID, dt.datetime | None], purpose: str
) -> dict[uuids.UUID, dict[tuple[str, int], Consent]]:
    """The same of many visits, each with its own `since`, in one query."""
    newest: dict[uuids.UUID, dict[tuple[str, int], Consent]] = {visit: {} for visit in since}
    for row in Consent.objects.filter(about__in=newest, purpose=purpose).order_by("pk"):
        assert row.about is not None
        newest[row.about][row.person_type, row.person_id] = row
    return {
        visit: {person: row for person, row in rows.items() if not _is_for_another(row, since[visit])}
        for visit, rows in newest.items()
    }


def visit_answer(
    visit: uuids.UUID, purpose: str, person_type: str, person_id: int, since: dt.datetime | None = None
) -> Consent | None:
    """What this person answered last in this visit; `since` as in `visit_answers`."""
    rows = Consent.objects.filter(about=visit, purpose=purpose, person_type=person_type, person_id=person_id)
    newest = rows.order_by("-pk").first()
    return None if newest is None or _is_for_another(newest, since) else newest


def agreed_in_visit(
    clinic: Organization, visit: uuids.UUID, purpose: str, person_type: str, person_id: int
) -> Consent | None:
    """This person's yes in this visit, if it is their last answer and was given to the words in force."""
    rows = Consent.objects.filter(about=visit, purpose=purpose, person_type=person_type, person_id=person_id)
    latest = rows.select_related("text").order_by("-pk").first()
    if latest is None or latest.decision != Consent.Decision.PERMIT:
        return None
    return latest if latest.text.version == current_text(clinic, purpose).version else None


def unconfirmed_yeses(visits: Collection[uuids.UUID], purpose: str) -> dict[uuids.UUID, Consent]:
    """By visit, the yes that somebody gave there for its patient by a right that nobody has confirmed or withdrawn.

    Also after the right's last day: a visit that goes on over midnight is still the one to which they came.
    """
    rows = Consent.objects.filter(about__in=visits, purpose=purpose, person_type="patient")
    newest = {row.about: row for row in rows.select_related("right__related").order_by("pk")}
    return {visit: row for visit, row in newest.items() if visit is not None and _is_unconfirmed_yes(row)}


def _is_unconfirmed_yes(row: Consent) -> bool:
    if row.decision != Consent.Decision.PERMIT or row.right is None:
        return False
    right = row.right
    return right.confirmed_by_id is None and right.withdrawn_at is None and right.related.is_active


def newest_decision(purpose: str, *, visit: str, since: str, person_type: str, person_id: str) -> Subquery:
    """For a query over rows that name a person and, by paths, a visit's uuid and since when it is its practitioner's:
    that person's last decision there, as in `visit_answers`; empty where it counts no more."""
    rows = Consent.objects.filter(
        about=OuterRef(visit), purpose=purpose, person_type=OuterRef(person_type), person_id=OuterRef(person_id)
    )
    is_for_another = When(decision=Consent.Decision.PERMIT, given_at__lte=OuterRef(since), then=Value(""))
    counted = rows.annotate(counted=Case(is_for_another, default="decision"))
    return Subquery(counted.order_by("-pk").values("counted")[:1])


def _is_for_another(answer: Consent, since: dt.datetime | None) -> bool:
    return since is not None and answer.decision == Consent.Decision.PERMIT and answer.given_at <= since


def right_counts(right: ConsentRight) -> bool:
    """Whether it counts today, at the clinic; also whether who has it is still somebody of the patient."""
    day = today(right.organization.timezone)
    patient = right.related.patient.merged_into or right.related.patient
    majority = right.organization.age_of_majority
    return right.related.is_one_on(day) and rights.counts(right, patient.birth_date, majority, day)


def right_of(related_id: int | None, patient: Patient, purpose: str) -> ConsentRight | None:
    """The right of this person to agree to `purpose` for the patient today."""
    rows = ConsentRight.objects.select_related("related__patient__merged_into", "organization")
    theirs = Q(related__patient=patient) | Q(related__patient__merged_into=patient)
    found = rows.filter(theirs, related_id=related_id or 0, withdrawn_at=None)
    return next((one for one in found if purpose in one.purposes and right_counts(one)), None)


def has_had_right(related_id: int, patient: Patient) -> bool:
    """Whether they could ever agree for the patient: it is over, or is not yet."""
    theirs = Q(related__patient=patient) | Q(related__patient__merged_into=patient)
    return ConsentRight.objects.filter(theirs, related_id=related_id).exists()


def rights_of(related: RelatedPerson) -> list[ConsentRight]:
    """All that they ever had, the newest first; whoever holds the person may see it already."""
    rows = related.consent_rights.select_related("organization", "confirmed_by", "withdrawn_by")
    return list(rows.select_related("related__patient__merged_into"))


def last_day_of(right: ConsentRight) -> dt.date | None:
    """The day on which it counts last."""
    patient = right.related.patient.merged_into or right.related.patient
    return rights.last_day(right, patient.birth_date, right.organization.age_of_majority)


def is_minor(patient: Patient) -> bool:
    """Whether the patient is under the age at which this clinic lets people agree for themselves."""
    clinic = patient.organization
    return rights.is_child(patient.birth_date, clinic.age_of_majority, today(clinic.timezone))
