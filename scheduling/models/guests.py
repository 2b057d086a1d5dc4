"""Guests: whoever comes along to somebody's visit, with a link of their own. Rules live in services."""

from django.db import models

from core.clock import now
from core.ids import new_uuid
from scheduling.models.appointments import Appointment

# Patients, practitioner and guests together: a room has so many seats.
MOST_PEOPLE = 8


class Guest(models.Model):
    """Somebody invited to one visit. Who was removed stays on record: seats, answers and chat name them."""

    class Role(models.TextChoices):
        """FHIR's words where it has one: `translator` is a participant type, `caregiver` a role class."""

        FAMILY = "family", "Family"
        CAREGIVER = "caregiver", "Carer"
        TRANSLATOR = "translator", "Interpreter"
        COLLEAGUE = "colleague", "Colleague"
        OTHER = "other", "Somebody else"

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="guests")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=16, choices=Role, default=Role.OTHER)
    created_at = models.DateTimeField(default=now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "name", "role"],
                condition=models.Q(removed_at__isnull=True),
                name="guest_comes_once",
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"guest {self.uuid}"

    @property
    def label(self) -> str:
        """What stands under their picture: "Ana Lopez, interpreter"."""
        return self.name if self.role == self.Role.OTHER else f"{self.name}, {self.get_role_display().lower()}"
