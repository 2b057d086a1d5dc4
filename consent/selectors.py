"""Reading consent: the words in force and whether somebody's yes to them stands."""

from accounts.models import Patient
from consent.models import Consent, ConsentText
from core.errors import NotFound

FALLBACK_LANGUAGE = "en"


def current_text(purpose: str, language: str = FALLBACK_LANGUAGE) -> ConsentText:
    """The newest published text, in `language` if that version is written in it, else in English."""
    newest = ConsentText.objects.filter(purpose=purpose).order_by("-published_on", "-version").first()
    if newest is None:
        raise NotFound
    texts = {text.language: text for text in ConsentText.objects.filter(purpose=purpose, version=newest.version)}
    return texts.get(language) or texts.get(language.split("-")[0]) or texts.get(FALLBACK_LANGUAGE) or newest


def standing_consent(patient: Patient, purpose: str) -> Consent | None:
    """The person's newest answer if it is a yes to the version in force; a new version asks again."""
    latest = Consent.objects.select_related("text").filter(patient=patient, purpose=purpose).order_by("-pk").first()
    if latest is None or latest.decision != Consent.Decision.PERMIT:
        return None
    return latest if latest.text.version == current_text(purpose).version else None
