"""What a clinic plans, and what a person chose: kinds, channels, quiet hours. No rules here."""

from django.db import models
from django.db.models import Q

from core.clock import now
from notifications.models.messages import Channel

QUIET_FROM, QUIET_UNTIL = 21 * 60, 8 * 60
MOST_A_DAY = 20


class ClinicMessages(models.Model):
    """What holds for all messages of a clinic; without a row, the defaults."""

    organization = models.OneToOneField("accounts.Organization", on_delete=models.PROTECT, related_name="messages")
    # Minutes after midnight where the person is; equal: no quiet hours.
    quiet_from = models.PositiveSmallIntegerField(default=QUIET_FROM)
    quiet_until = models.PositiveSmallIntegerField(default=QUIET_UNTIL)
    # To one person by one channel within 24 hours.
    most_a_day = models.PositiveSmallIntegerField(default=MOST_A_DAY)

    def __str__(self) -> str:
        return f"messages of clinic {self.organization_id}"


class PlannedKind(models.Model):
    """Whether and when a clinic sends a kind; for one type of visit where that is named. Without a row, as usual."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    # A visit type of scheduling, by its public id; none: every other.
    visit_type = models.UUIDField(null=True, blank=True)
    is_on = models.BooleanField(default=True)
    # Of reminders: so long before the visit begins; none: as usual.
    minutes_before = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "visit_type"], name="planned_kind_once_per_visit_type"
            ),
            models.UniqueConstraint(
                fields=["organization", "kind"], condition=Q(visit_type=None), name="planned_kind_once_per_clinic"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at clinic {self.organization_id}"


class OwnWords(models.Model):
    """A paragraph of the clinic's own in the emails of a kind, in one language. Plain text, the same to everybody."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="own_words")
    kind = models.CharField(max_length=40)
    language = models.CharField(max_length=10)
    words = models.CharField(max_length=600)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "language"], name="own_words_once_per_language"),
        ]

    def __str__(self) -> str:
        return f"own words {self.kind} {self.language}"


class ChannelOrder(models.Model):
    """By which channels somebody is told, the first one first; without a row email, then text message."""

    patient = models.OneToOneField("accounts.Patient", on_delete=models.CASCADE, related_name="channel_order")
    channels = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"channels of patient {self.patient_id}"


class OptOut(models.Model):
    """Somebody does not want a group of kinds by a channel. Taken back, the row goes; audit keeps both."""

    patient = models.ForeignKey("accounts.Patient", on_delete=models.CASCADE, related_name="opt_outs")
    # A group of kinds (kinds.py).
    group = models.CharField(max_length=20)
    channel = models.CharField(max_length=8, choices=Channel)
    since = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "group", "channel"], name="opt_out_once"),
        ]

    def __str__(self) -> str:
        return f"opt-out of patient {self.patient_id}"
