"""Lines: a practitioner's own Queue, or that of a Pool, which several practitioners share. Rules live in services."""

import secrets

from django.db import models

from core.ids import new_uuid

DAY_MINUTES = 24 * 60


def new_door_token() -> str:
    """What stands in the address of a walk-in door: nobody comes upon it by counting."""
    return secrets.token_urlsafe(9)


class Pool(models.Model):
    """A line of the clinic that several practitioners work down together (FHIR HealthcareService)."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="pools")
    name = models.CharField(max_length=80)
    members = models.ManyToManyField("accounts.Practitioner", through="PoolMember", related_name="pools")
    # A line out of use takes nobody new; who stands in it is still called in.
    is_active = models.BooleanField(default=True)
    # Whether people may come by its door without a booking, and under which address; a new token closes the old one.
    takes_walk_ins = models.BooleanField(default=False)
    door_token = models.CharField(max_length=32, unique=True, default=new_door_token, editable=False)
    # How many may wait before the door says that it is full. Who is booked, or passed on, is never turned away.
    most_waiting = models.PositiveSmallIntegerField(default=10)
    # How long a visit without a booking takes by plan.
    visit_minutes = models.PositiveSmallIntegerField(default=15)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="pool_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PoolMember(models.Model):
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="memberships")
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.CASCADE, related_name="pool_memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "practitioner"], name="pool_member_once"),
        ]

    def __str__(self) -> str:
        return f"member {self.pk} of pool {self.pool_id}"


class PoolHours(models.Model):
    """When a pool's door is open on one weekday (Monday is 0), in minutes of the clinic's day. No row: closed."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["weekday"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "weekday"], name="pool_hours_once_per_weekday"),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6, opens__lt=models.F("closes"), closes__lte=DAY_MINUTES),
                name="pool_hours_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"hours {self.pk} of pool {self.pool_id}"


class Queue(models.Model):
    """A line of visits, of one practitioner or of one pool; `version` rises with every change a board would show."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    practitioner = models.OneToOneField(
        "accounts.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="queue"
    )
    pool = models.OneToOneField(Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="queue")
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(practitioner__isnull=True) ^ models.Q(pool__isnull=True),
                name="queue_of_one_practitioner_or_one_pool",
            ),
        ]

    def __str__(self) -> str:
        return f"queue {self.uuid}"
