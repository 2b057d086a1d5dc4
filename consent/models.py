"""Consent: what people were asked, in which words, and what they answered. A ledger: rows are only added."""

from django.db import models

from core.ids import new_uuid


class Purpose(models.TextChoices):
    TELEHEALTH = "telehealth", "Video visits"
    RECORDING = "recording", "Recording of a visit"


# Asked anew at every visit, of everybody in it; the others are asked of the patient, and stand until withdrawn.
PER_VISIT = frozenset({Purpose.RECORDING})
# Nothing of a guest stands from one visit to the next: all that they agree to, they agree to at that visit.
PER_VISIT_OF_GUESTS = PER_VISIT | {Purpose.TELEHEALTH}


class ConsentText(models.Model):
    """The words of one purpose in one language; a change of words is a new version, never an edit."""

    purpose = models.CharField(max_length=32, choices=Purpose.choices)
    version = models.CharField(max_length=32)
    language = models.CharField(max_length=16)
    title = models.CharField(max_length=200)
    body = models.TextField()
    published_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version", "language"], name="consent_text_once_per_version"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version} ({self.language})"

    def body_for(self, practitioner: str) -> str:
        """The words as shown, with the practitioner's name in its place."""
        return self.body.replace("{doctor}", practitioner)


class Consent(models.Model):
    """One answer of one person (FHIR Consent). The newest row per person and purpose counts, or per person and visit.

    `patient` says whose record it is about; `person` whose answer it is: the patient's own, or somebody's in the visit.
    """

    class Decision(models.TextChoices):
        PERMIT = "permit", "Yes"
        DENY = "deny", "No"

    class How(models.TextChoices):
        LINK = "link", "By the personal link"
        ACCOUNT = "account", "Signed in, in the visit"

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="consents")
    person_type = models.CharField(max_length=16)
    person_id = models.BigIntegerField()
    person_label = models.CharField(max_length=200)
    purpose = models.CharField(max_length=32, choices=Purpose.choices)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    given_by_label = models.CharField(max_length=200)
    given_by_type = models.CharField(max_length=16)
    how = models.CharField(max_length=16, choices=How.choices, default=How.LINK)
    # The visit at whose door it was given: a plain column, because visits live in a higher room.
    about = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "purpose", "-id"], name="consent_newest_per_person"),
            models.Index(
                fields=["about", "purpose", "person_type", "person_id", "-id"], name="consent_newest_per_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"consent {self.uuid}"
