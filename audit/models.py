"""The audit event. How one is written lives in services, why it cannot change in guards."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_noop

from core.clock import now
from core.errors import HousecallError
from core.ids import new_uuid


class Outcome(models.TextChoices):
    SUCCESS = "success"
    REFUSED = "refused"


class AuditEventIsFinal(HousecallError):  # noqa: N818  Named like its siblings in core.errors.
    """Somebody tried to change or delete what has been recorded."""

    code = "audit.final"
    message = gettext_noop("An audit event cannot be changed or deleted.")


class AuditEvents(models.QuerySet["AuditEvent"]):
    """Events are only ever added. The database says so too; this says it sooner and in words."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AuditEventIsFinal

    def delete(self) -> NoReturn:
        raise AuditEventIsFinal


class AuditEvent(models.Model):
    """One act on one thing. Ids are plain columns: the event outlives the rows that it tells of."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    recorded_at = models.DateTimeField(default=now, editable=False)
    organization_id = models.BigIntegerField(null=True)
    actor_type = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=200)
    session = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=100)
    entity_type = models.CharField(max_length=100, blank=True)
    entity_id = models.CharField(max_length=64, blank=True)
    patient_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.SUCCESS)
    detail = models.JSONField(default=dict, blank=True)
    once_key = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001  Unique where set.

    objects = AuditEvents.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "recorded_at"], name="audit_by_time"),
            models.Index(fields=["patient_id", "recorded_at"], name="audit_by_patient"),
            models.Index(fields=["entity_type", "entity_id"], name="audit_by_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.action} ({self.outcome})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AuditEventIsFinal
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AuditEventIsFinal
