"""The outbox: one row per person, kind, channel and version of what it is about. No rules here."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.clock import now
from core.ids import new_uuid
from notifications.lifecycle import MessageStatus


class Channel(models.TextChoices):
    EMAIL = "email", _("Email")
    SMS = "sms", _("Text message")
    PUSH = "push", _("Notification")


class Message(models.Model):
    """Something that must reach one person once. Its words are made when it is sent, from how things are then."""

    class Status(models.TextChoices):
        WAITING = MessageStatus.WAITING.value, pgettext_lazy("a message", "Waiting")
        SENDING = MessageStatus.SENDING.value, pgettext_lazy("a message", "Being sent")
        SENT = MessageStatus.SENT.value, pgettext_lazy("a message", "Sent")
        DELIVERED = MessageStatus.DELIVERED.value, pgettext_lazy("a message", "Delivered")
        FAILED = MessageStatus.FAILED.value, pgettext_lazy("a message", "Failed")
        SKIPPED = MessageStatus.SKIPPED.value, pgettext_lazy("a message", "Not sent")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="messages")
    # A registered kind (kinds.py); what it is about lives in a higher room, so that both are plain columns.
    kind = models.CharField(max_length=40)
    about = models.UUIDField()
    version = models.PositiveIntegerField(default=0)
    channel = models.CharField(max_length=8, choices=Channel)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.WAITING)
    # Why it was skipped or has failed, or is tried again: a code (words.py).
    reason = models.CharField(max_length=40, blank=True)
    due_at = models.DateTimeField()
    # After this it would do harm or no good; it is skipped then, and says so.
    too_late_at = models.DateTimeField()
    # When somebody looks at it next: due, after a failed try, or the end of the claim on it.
    next_at = models.DateTimeField()
    claim = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Rises when staff send it again: to providers that is another message.
    round = models.PositiveSmallIntegerField(default=1)
    # What it is tried instead of: the same by a channel that did not work.
    instead_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="next_tries")
    # What is known of it afterwards: where it went, the provider's name of it, when it was handed over and arrived.
    address = models.CharField(max_length=254, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind", "channel", "about", "version"], name="message_once_per_version"
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "next_at"],
                condition=Q(status__in=[MessageStatus.WAITING.value, MessageStatus.SENDING.value]),
                name="message_due",
            ),
            models.Index(fields=["about", "patient"], name="message_by_what_it_is_about"),
            models.Index(fields=["organization", "-due_at"], name="message_by_clinic_and_time"),
            models.Index(fields=["patient", "sent_at"], name="message_by_patient_and_sent"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="message_by_provider_id"),
        ]

    def __str__(self) -> str:
        return f"message {self.uuid}"

    @property
    def key(self) -> str:
        """The same for every try of one message: what providers and mailboxes know it by."""
        return f"{self.uuid.hex}-{self.round}"


class MessageEvent(models.Model):
    """What became of a message, each time something did. Rows are only added."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=now)
    # A code: sent, refused, put_off, skipped, failed, delivered, bounced, complained, again.
    what = models.CharField(max_length=20)
    # A code or a provider's own short one; never an address, a name or a text.
    detail = models.CharField(max_length=200, blank=True)
    # The provider's number of its notice: one that comes twice counts once.
    provider_event = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider_event"], condition=~Q(provider_event=""), name="message_event_once_per_notice"
            ),
        ]
        indexes = [models.Index(fields=["message", "at"], name="message_event_by_message")]

    def __str__(self) -> str:
        return f"{self.what} of message {self.message_id}"
