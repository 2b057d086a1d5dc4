"""The visit: Encounter, Arrival, WaitTold, Station, Seat, ChatMessage, DeskNote, DoorCheck. No rules."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from consults.lifecycle import VisitStatus
from consults.models.lines import Queue
from core.ids import new_uuid


class Encounter(models.Model):
    """A visit (FHIR Encounter of class VR), made in the same transaction as its appointment."""

    class Status(models.TextChoices):
        PLANNED = VisitStatus.PLANNED.value, _("Planned")
        ARRIVED = VisitStatus.ARRIVED.value, _("Waiting")
        IN_PROGRESS = VisitStatus.IN_PROGRESS.value, _("In call")
        ON_LEAVE = VisitStatus.ON_LEAVE.value, _("On hold")
        FINISHED = VisitStatus.FINISHED.value, _("Done")
        CANCELLED = VisitStatus.CANCELLED.value, _("Cancelled")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="encounters")
    appointment = models.OneToOneField("scheduling.Appointment", on_delete=models.PROTECT, related_name="encounter")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="encounters")
    # Who performs it now. While it waits in a pool that is the appointment's, who answers for it until it is claimed.
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.PROTECT, related_name="encounters")
    # The line it stands in now.
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="encounters")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PLANNED)
    arrived_at = models.DateTimeField(null=True, blank=True)
    # Of who was called and did not answer: when, whether they were called in or only away, and where they stand since.
    requeued_at = models.DateTimeField(null=True, blank=True)
    requeued_why = models.CharField(max_length=8, blank=True)
    stands_from = models.DateTimeField(null=True, blank=True)
    # Among those whom they were put behind was somebody without a booking, so booked people go before them too.
    behind_walk_ins = models.BooleanField(default=False)
    # Since when it is with this practitioner: passed on, it waits again and begins anew. What was before, stations say.
    started_at = models.DateTimeField(null=True, blank=True)
    # While it is on hold: since when.
    held_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # When it last went to another practitioner or line; none where it never did. A yes to be recorded names who may
    # play it, so one from before was for somebody else.
    performer_since = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True)
    callback_phone = models.CharField(max_length=40, blank=True)
    # Where that is, as ISO 3166 writes it; and whom to call in an emergency, where they named somebody.
    region = models.CharField(max_length=6, blank=True)
    emergency_name = models.CharField(max_length=80, blank=True)
    emergency_phone = models.CharField(max_length=40, blank=True)
    identity_confirmed_at = models.DateTimeField(null=True, blank=True)
    identity_confirmed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    room_version = models.PositiveBigIntegerField(default=1)
    # The relay that has the room, by its name in RELAYS; empty until somebody connects.
    relay = models.CharField(max_length=64, blank=True)
    chat_seq = models.PositiveIntegerField(default=0)
    # While its patient waits elsewhere: since when they want to be called back, and when they were.
    callback_at = models.DateTimeField(null=True, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    # Of a walk-in who asked for it: until when the place is kept at most. Whoever has booked is known, and waits on.
    callback_until = models.DateTimeField(null=True, blank=True)
    # Not stored: what of these calling them in has just ended. Undone, they wait elsewhere as before.
    called_from: tuple[dt.datetime | None, dt.datetime | None] = (None, None)
    # How often they were called back or taken out of the line: what is sent for each time is another message.
    turns = models.PositiveSmallIntegerField(default=0)
    # When a silent page cost them their place; none again once they are back.
    place_lost_at = models.DateTimeField(null=True, blank=True)

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
    place_lost_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True)
    callback_phone = models.CharField(max_length=40, blank=True)
    # Where that is, as ISO 3166 writes it; and whom to call in an emergency, where they named somebody.
    region = models.CharField(max_length=6, blank=True)
    emergency_name = models.CharField(max_length=80, blank=True)
    emergency_phone = models.CharField(max_length=40, blank=True)
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


class Station(models.Model):
    """One stop of a visit (FHIR Encounter.location): a line that it stood in, who saw them there, and why it went on.

    A visit on its way has one that is open (`until` empty); passing it on closes that one and opens the next.
    """

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="stations")
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="+")
    # Who called them in; none while they wait.
    practitioner = models.ForeignKey(
        "accounts.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    since = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    # By whom it was passed on to here, and their word about it; empty at the first, to which the patient came.
    passed_on_by = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["encounter"], condition=models.Q(until__isnull=True), name="station_one_open_per_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"station {self.pk}"


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


class DoorCheck(models.Model):
    """What the newest device check of one person of a visit has found; in words: `consults/checks.py`."""

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="door_checks")
    actor_type = models.CharField(max_length=16)
    actor_id = models.BigIntegerField()
    checked_at = models.DateTimeField()
    # Codes of consults.checks; empty where nothing was found out.
    camera = models.CharField(max_length=16, blank=True)
    microphone = models.CharField(max_length=16, blank=True)
    speaker = models.CharField(max_length=16, blank=True)
    path = models.CharField(max_length=16, blank=True)
    # The way round through the TURN server, where it was tried beside a straight one.
    spare = models.CharField(max_length=16, blank=True)
    round_trip_ms = models.PositiveIntegerField(null=True, blank=True)
    # Coarse, as "Safari 17 on iPhone": enough to help, too little to know a person again.
    browser = models.CharField(max_length=60, blank=True)
    in_app = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["encounter", "actor_type", "actor_id"], name="door_check_once_per_person"),
        ]

    def __str__(self) -> str:
        return f"door check {self.pk}"


class DeskNote(models.Model):
    """A short word of staff on a visit, for staff only. One stands; who changes it removes the former one."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="desk_notes")
    text = models.CharField(max_length=200)
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    # Not by a practitioner: boards say so.
    by_desk = models.BooleanField(default=True)
    written_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["encounter"], condition=models.Q(removed_at=None), name="desk_note_one_stands_per_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"desk note {self.uuid}"


class Unanswered(models.Model):
    """Somebody waits beyond their time and was not called: who has seen it, and that the desk was told."""

    encounter = models.ForeignKey(Encounter, on_delete=models.CASCADE, related_name="unanswered")
    # Their time: another one, or another arrival, is another wait.
    since = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    desk_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["encounter", "since"], name="unanswered_once_per_wait"),
        ]

    def __str__(self) -> str:
        return f"unanswered {self.pk}"
