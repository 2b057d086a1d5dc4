"""Places in group visits: one row for each patient, or for a place that is held. Rules live in services."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.ids import new_uuid
from scheduling.lifecycle import AppointmentStatus
from scheduling.models.appointments import Appointment

GONE = Q(status="cancelled")


class GroupPlace(models.Model):
    """One patient's place in a group visit, or one that is held while somebody says who they are."""

    class Status(models.TextChoices):
        PROPOSED = AppointmentStatus.PROPOSED.value, _("Held for booking")
        PENDING = AppointmentStatus.PENDING.value, _("To be confirmed")
        BOOKED = AppointmentStatus.BOOKED.value, _("Booked")
        CANCELLED = AppointmentStatus.CANCELLED.value, _("Not coming")
        NOSHOW = AppointmentStatus.NOSHOW.value, _("Did not come")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="places")
    # Counted from 1. With the capacity beside it the database itself lets nobody in beyond that.
    number = models.PositiveSmallIntegerField()
    capacity = models.PositiveSmallIntegerField()
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, null=True, related_name="group_places")
    # The held time that keeps, or kept, this place.
    hold = models.OneToOneField(Appointment, on_delete=models.PROTECT, null=True, related_name="holds_place")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.BOOKED)
    cancellation_reason = models.CharField(max_length=200, blank=True)
    # When this patient said that they come, to the time that the visit has.
    coming_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=F("capacity")), name="group_place_within_capacity"
            ),
            models.CheckConstraint(
                condition=Q(patient__isnull=False) | Q(status__in=["proposed", "cancelled"]),
                name="group_place_is_for_somebody",
            ),
            models.CheckConstraint(
                condition=Q(hold__isnull=False) | ~Q(status="proposed"), name="group_place_held_by_a_hold"
            ),
            models.UniqueConstraint(fields=["appointment", "number"], condition=~GONE, name="group_place_given_once"),
            models.UniqueConstraint(
                fields=["appointment", "patient"], condition=~GONE, name="group_place_once_per_patient"
            ),
        ]

    def __str__(self) -> str:
        return f"place {self.uuid}"
