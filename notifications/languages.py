"""The languages that messages are written in, and which of them somebody gets. The words themselves are in locale/."""

from django.conf import settings

from accounts.models import Organization, Patient

# By their codes, each in its own name: those of the pages.
LANGUAGES = {code.partition("-")[0]: name for code, name in settings.LANGUAGES}
USUAL = "en"


def language_for(patient: Patient, clinic: Organization) -> str:
    """The person's language, else the clinic's, else English: of "es-MX" the words of "es"."""
    spoken = (tag.lower().partition("-")[0] for tag in (patient.language, clinic.language))
    return next((one for one in spoken if one in LANGUAGES), USUAL)
