"""Calendars outside: a private feed for each user, and busy times read from a practitioner's own calendar."""

from django.db import models
from django.db.models import F, Q

from core.clock import now
from core.ids import new_uuid


class CalendarFeed(models.Model):
    """One user's own appointments for their calendar program. The address is a secret; a new generation closes it."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="calendar_feed")
    generation = models.PositiveIntegerField(default=1)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"feed {self.uuid}"


class BusyCalendar(models.Model):
    """An ICS address that is read now and then; its busy times block a practitioner's free ones."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.CASCADE, related_name="busy_calendars")
    url = models.CharField(max_length=2000)
    etag = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # Why the last try failed; empty when it did not.
    problem = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"busy calendar {self.uuid}"


class BusyTime(models.Model):
    """A stretch that somebody's own calendar says is taken. What it is for is not kept."""

    calendar = models.ForeignKey(BusyCalendar, on_delete=models.CASCADE, related_name="times")
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="busy_starts_before_it_ends")
        ]
        indexes = [models.Index(fields=["practitioner", "starts_at"], name="busy_by_practitioner_and_time")]

    def __str__(self) -> str:
        return f"busy {self.pk}"
