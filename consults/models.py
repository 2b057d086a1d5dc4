"""The visit: Queue, Encounter, Arrival, WaitTold, Seat and ChatMessage. Rules live in services and lifecycle."""

from django.db import models

from consults.lifecycle import VisitStatus
from core.ids import new_uuid


class Queue(models.Model):
    """One practitioner's line of visits; `version` rises with every change a board would show."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    practitioner = models.OneToOneField("accounts.Practitioner", on_delete=models.PROTECT, related_name="queue")
    version = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"queue {self.uuid}"


class Encounter(models.Model):
    """A visit (FHIR Encounter of class VR), made in the same transaction as its appointment."""

    class Status(models.TextChoices):
        PLANNED = VisitStatus.PLANNED.value, "Planned"
        ARRIVED = VisitStatus.ARRIVED.value, "Waiting"
        IN_PROGRESS = VisitStatus.IN_PROGRESS.value, "In call"
        ON_LEAVE = VisitStatus.ON_LEAVE.value, "On hold"
        FINISHED = VisitStatus.FINISHED.value, "Done"
        CANCELLED = VisitStatus.CANCELLED.value, "Cancelled"

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="encounters")
    appointment = models.OneToOneField("scheduling.Appointment", on_delete=models.PROTECT, related_name="encounter")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="encounters")
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.PROTECT, related_name="encounters")
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="encounters")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PLANNED)
    arrived_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    # While it is on hold: since when.
    held_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True)
    callback_phone = models.CharField(max_length=40, blank=True)
    identity_confirmed_at = models.DateTimeField(null=True, blank=True)
    identity_confirmed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    room_version = models.PositiveBigIntegerField(default=1)
    # The relay that has the room, by its name in RELAYS; empty until somebody connects.
    relay = models.CharField(max_length=64, blank=True)
    chat_seq = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["queue", "status"], name="encounter_by_queue_and_status"),
            models.Index(fields=["status"], name="encounter_by_status"),
            # How long this practitioner's newest visits took.
            models.Index(fields=["practitioner", "started_at"], name="encounter_by_practitioner"),
        ]

    def __str__(self) -> str:
        return f"visit {self.uuid}"


class Arrival(models.Model):
    """One patient of a group visit at its door. Of a visit for one the visit itself keeps the same."""

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="arrivals")
    member = models.OneToOneField("scheduling.GroupPlace", on_delete=models.PROTECT, related_name="arrival")
    # None again for who has left the waiting room.
    arrived_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True)
    callback_phone = models.CharField(max_length=40, blank=True)
    identity_confirmed_at = models.DateTimeField(null=True, blank=True)
    identity_confirmed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"arrival {self.pk}"


class WaitTold(models.Model):
    """The range somebody was told when they came in, and how long they waited then: the house scores itself."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    encounter = models.OneToOneField(Encounter, on_delete=models.PROTECT, related_name="wait_told")
    told_at = models.DateTimeField()
    low_s = models.PositiveIntegerField()
    high_s = models.PositiveIntegerField()
    # None until they are called in.
    waited_s = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "told_at"], name="wait_told_by_clinic_and_time"),
            models.Index(fields=["told_at"], name="wait_told_by_time"),
        ]

    def __str__(self) -> str:
        return f"wait told {self.pk}"


class Seat(models.Model):
    """One person's place in one visit's room; presence belongs to the visit, not to a socket."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="seats")
    actor_type = models.CharField(max_length=16)
    actor_id = models.BigIntegerField()
    label = models.CharField(max_length=200)
    role = models.CharField(max_length=32)
    # The browser tab that holds the seat; the newest one wins.
    holder = models.UUIDField(null=True, blank=True)
    connected = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    mic = models.BooleanField(default=True)
    camera = models.BooleanField(default=True)
    # The browser tab that shows its screen: a page that was loaded again has another and shows nothing any more.
    sharing = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["encounter", "actor_type", "actor_id"], name="seat_once_per_person"),
            models.UniqueConstraint(
                fields=["encounter"], condition=models.Q(sharing__isnull=False), name="seat_one_shares_per_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"seat {self.uuid}"


class ChatMessage(models.Model):
    """One line of a visit's chat; `seq` counts 1, 2, 3 ... per visit without gaps."""

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="chat")
    seq = models.PositiveIntegerField()
    author_type = models.CharField(max_length=16)
    author_id = models.BigIntegerField()
    author_label = models.CharField(max_length=200)
    author_seat = models.UUIDField()
    body = models.TextField()
    # Chosen by the sender, so that a message sent again after a lost answer is stored once.
    client_id = models.UUIDField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["encounter", "seq"], name="chat_seq_once_per_visit"),
            models.UniqueConstraint(
                fields=["encounter", "author_type", "author_id", "client_id"], name="chat_once_per_client_id"
            ),
        ]

    def __str__(self) -> str:
        return f"chat {self.encounter_id}/{self.seq}"
