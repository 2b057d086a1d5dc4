"""Which appointments went over when the desk said that a self-registered patient is a known one. Rules in services."""

from django.db import models
from django.db.models import Q

from core.clock import now
from core.ids import new_uuid


class PatientMerge(models.Model):
    """One "same person" of the desk, with what it moved, so that exactly that can be moved back."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="merges")
    into = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="+")
    # Primary keys.
    appointments = models.JSONField(default=list)
    wait_list_entries = models.JSONField(default=list)
    group_places = models.JSONField(default=list)
    merged_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    merged_at = models.DateTimeField(default=now, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(undone_at__isnull=True), name="patient_merged_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"merge {self.uuid}"
