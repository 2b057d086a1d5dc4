"""Reading consent: the words in force and whether somebody's yes to them stands."""

from django.db.models import Min

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
    """The person's newest answer if it is a yes to the version in force; a new version asks again."""
    latest = Consent.objects.select_related("text").filter(patient=patient, purpose=purpose).order_by("-pk").first()
    if latest is None or latest.decision != Consent.Decision.PERMIT:
        return None
    return latest if latest.text.version == current_text(patient.organization, purpose).version else None
