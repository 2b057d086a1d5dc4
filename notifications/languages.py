"""The languages that messages are written in, and which of them somebody gets. The words themselves are in locale/."""

from accounts.models import Organization, Patient

# By their codes, each in its own name.
LANGUAGES = {"en": "English", "es": "Español"}
USUAL = "en"


def language_for(patient: Patient, clinic: Organization) -> str:
    """The person's language, else the clinic's, else English: of "es-MX" the words of "es"."""
    spoken = (tag.lower().partition("-")[0] for tag in (patient.language, clinic.language))
    return next((one for one in spoken if one in LANGUAGES), USUAL)
