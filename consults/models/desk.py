"""What who waits and the front desk write to each other: DeskThread and DeskMessage. Rules live in services."""

from django.db import models

from consults.models.visits import Encounter


class DeskThread(models.Model):
    """One patient's talk with the desk about one visit; of a group everybody has their own."""

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="desk_threads")
    # Whose it is in a group; nobody's name at a visit for one.
    member = models.OneToOneField(
        "scheduling.GroupPlace", on_delete=models.PROTECT, null=True, blank=True, related_name="desk_thread"
    )
    seq = models.PositiveIntegerField(default=0)
    # Up to which number either side has it on a page.
    read_by_staff = models.PositiveIntegerField(default=0)
    read_by_patient = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["encounter"], condition=models.Q(member=None), name="desk_thread_once_per_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"desk thread {self.pk}"


class DeskMessage(models.Model):
    """One line of it; `seq` counts 1, 2, 3 ... per thread without gaps."""

    thread = models.ForeignKey(DeskThread, on_delete=models.PROTECT, related_name="messages")
    seq = models.PositiveIntegerField()
    author_type = models.CharField(max_length=16)
    author_id = models.BigIntegerField()
    author_label = models.CharField(max_length=200)
    by_patient = models.BooleanField()
    body = models.TextField()
    # Chosen by the page, so that a message sent again after a lost answer is stored once.
    client_id = models.UUIDField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["thread", "seq"], name="desk_seq_once_per_thread"),
            models.UniqueConstraint(
                fields=["thread", "author_type", "author_id", "client_id"], name="desk_once_per_client_id"
            ),
        ]
        indexes = [models.Index(fields=["thread", "by_patient", "seq"], name="desk_message_unread")]

    def __str__(self) -> str:
        return f"desk message {self.thread_id}/{self.seq}"
