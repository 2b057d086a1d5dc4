"""The wait list: who wants a time that is not free, and what was offered to whom and when. Rules live in services."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.ids import new_uuid
from scheduling.lifecycle import WaitStatus
from scheduling.models.appointments import Appointment
from scheduling.models.availability import VisitType


class WaitListEntry(models.Model):
    """One patient's wish for an earlier or a fitting time; first come, first offered."""

    class Status(models.TextChoices):
        WAITING = WaitStatus.WAITING.value, _("Waiting")
        OFFERED = WaitStatus.OFFERED.value, _("Offered a time")
        BOOKED = WaitStatus.BOOKED.value, _("Booked")
        LEFT = WaitStatus.LEFT.value, _("Left the list")
        EXPIRED = WaitStatus.EXPIRED.value, _("Too late")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="wait_list_entries")
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="+")
    # Anybody who offers the type, unless named.
    practitioner = models.ForeignKey(
        "accounts.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Local days and minutes of the day in which a time would fit, in the practitioner's zone.
    first_day = models.DateField()
    last_day = models.DateField()
    earliest = models.PositiveSmallIntegerField(default=0)
    latest = models.PositiveSmallIntegerField(default=24 * 60)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    # What is held for this person now, or what they took in the end.
    offer = models.OneToOneField(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="offered_to"
    )
    # Raised to close every copy of the link by which this person answers (links.py).
    generation = models.PositiveIntegerField(default=1)
    # A digest of the form it was joined by, so that pressing twice joins once; empty where no form was.
    joined_by = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first_day__lte=models.F("last_day")), name="wait_first_before_last"),
            models.CheckConstraint(
                condition=~Q(status="offered") | Q(offer__isnull=False), name="wait_offered_something"
            ),
            models.UniqueConstraint(fields=["joined_by"], condition=~Q(joined_by=""), name="wait_joined_once"),
        ]
        indexes = [models.Index(fields=["organization", "status", "created_at"], name="wait_by_clinic_and_turn")]

    def __str__(self) -> str:
        return f"wait {self.uuid}"


class WaitListOffer(models.Model):
    """A freed time that was offered to somebody; nobody is asked twice about the same time."""

    class Answer(models.TextChoices):
        OPEN = "open", _("Not answered yet")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Not answered in time")

    entry = models.ForeignKey(WaitListEntry, on_delete=models.CASCADE, related_name="offers")
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=Answer, default=Answer.OPEN)
    made_at = models.DateTimeField(default=now, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "practitioner", "starts_at"], name="wait_offered_a_time_once"),
            models.UniqueConstraint(fields=["entry"], condition=Q(answer="open"), name="wait_one_offer_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk}"
