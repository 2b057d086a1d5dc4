"""Consent: what people were asked and answered, a ledger to which rows are only added; and who may answer for whom."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import new_uuid


class Purpose(models.TextChoices):
    TELEHEALTH = "telehealth", _("Video visits")
    RECORDING = "recording", _("Recording of a visit")


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

    @property
    def shown_as(self) -> str:
        """What a page that shows these words sends back with the answer: the version, and in which language."""
        return f"{self.version}/{self.language}"

    def body_for(self, practitioner: str) -> str:
        """The words as shown, with the practitioner's name in its place."""
        return self.body.replace("{doctor}", practitioner)


class Consent(models.Model):
    """One answer of one person (FHIR Consent). The newest row per person and purpose counts, or per person and visit.

    `patient` says whose record it is about; `person` whose answer it is: the patient's own, or somebody's in the visit.
    `given_by` is who gave it; where that is another than the person, `right` says by what right.
    """

    class Decision(models.TextChoices):
        PERMIT = "permit", _("Yes")
        DENY = "deny", _("No")

    class How(models.TextChoices):
        LINK = "link", _("By the personal link")
        ACCOUNT = "account", _("Signed in, in the visit")

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
    # The right of who gave it for the person; None: they gave it themselves.
    right = models.ForeignKey("consent.ConsentRight", on_delete=models.PROTECT, null=True, related_name="answers")
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


class ConsentRight(models.Model):
    """That a related person may agree for their patient: to what, from when until when, and who has seen the proof."""

    class Basis(models.TextChoices):
        CHILD = "child", _("Parental responsibility for a child")
        DEED = "deed", _("A court order, a power of attorney or another deed")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    related = models.ForeignKey("accounts.RelatedPerson", on_delete=models.PROTECT, related_name="consent_rights")
    # Values of Purpose.
    purposes = models.JSONField()
    basis = models.CharField(max_length=8, choices=Basis)
    starts_on = models.DateField()
    # The last day; a child's ends with the birthday on which they come of age in any case.
    ends_on = models.DateField(null=True, blank=True)
    # What the person who confirmed it has looked at: "birth certificate and her passport".
    seen = models.CharField(max_length=200)
    confirmed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"right {self.uuid}"
