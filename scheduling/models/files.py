"""A file that somebody brings in: its content until it is in or given up, and what was said of every row."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.ids import new_uuid
from scheduling.lifecycle import FileStatus


class FileIn(models.Model):
    """One CSV file of a clinic on its way in: checked, looked at, and then brought in as a whole or not at all."""

    class Kind(models.TextChoices):
        PATIENTS = "patients", _("Patients")
        PRACTITIONERS = "practitioners", _("Practitioners")
        APPOINTMENTS = "appointments", _("Appointments")

    class Status(models.TextChoices):
        CHECKING = FileStatus.CHECKING.value, _("Being checked")
        CHECKED = FileStatus.CHECKED.value, _("Checked")
        CONFIRMED = FileStatus.CONFIRMED.value, _("Being brought in")
        DONE = FileStatus.DONE.value, _("Brought in")
        FAILED = FileStatus.FAILED.value, _("Not brought in")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    status = models.CharField(max_length=16, choices=Status, default=Status.CHECKING)
    # Whose roles count when it is brought in.
    brought_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    # Emptied when it is in, given up or forgotten.
    content = models.BinaryField()
    percent = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # How often in a row a worker began and did not end it.
    failures = models.PositiveSmallIntegerField(default=0)
    # Of every row: its line, what becomes of it ("new", "known", "wrong"), and why. No cell of the file.
    report = models.JSONField(default=list, blank=True)
    unused = models.JSONField(default=list, blank=True)
    # Why the file as a whole is not in, in words.
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["status", "claimed_until"], name="file_in_by_status_and_claim"),
            models.Index(fields=["organization", "-created_at"], name="file_in_by_clinic_and_time"),
        ]

    def __str__(self) -> str:
        return f"file {self.uuid}"

    def count(self, outcome: str) -> int:
        return sum(1 for _, what, _ in self.report if what == outcome)
