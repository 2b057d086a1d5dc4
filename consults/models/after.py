"""LeaveCode: a code sent to a patient after the visit, by which they show who they are. The code itself is not kept."""

from django.db import models

from core.ids import new_uuid


class LeaveCode(models.Model):
    """One code to one patient of a finished visit; `number` counts 1, 2, 3 ... and only the newest counts."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    encounter = models.ForeignKey("consults.Encounter", on_delete=models.PROTECT, related_name="leave_codes")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    # The session of the link that entered it, and when: for that one the visit's page stays open for a while.
    session = models.CharField(max_length=64, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["encounter", "patient", "number"], name="leave_code_once_per_number"),
        ]

    def __str__(self) -> str:
        return f"leave code {self.pk}"
