"""What is known of addresses: which do not work, which said STOP, and which browsers want notifications."""

from django.db import models

from core.clock import now
from notifications.models.messages import Channel


class BadAddress(models.Model):
    """A provider said that this address is nobody's, or that its owner complained. Corrected by staff, the row goes."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=254)
    # A code: bounced or complained.
    why = models.CharField(max_length=40)
    since = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "channel", "address"], name="bad_address_once"),
        ]

    def __str__(self) -> str:
        return f"bad address {self.pk}"


class Stop(models.Model):
    """Somebody answered STOP from this number: no text goes there until START comes."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    # As E.164 writes it.
    phone = models.CharField(max_length=20)
    since = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "phone"], name="stop_once_per_number")]

    def __str__(self) -> str:
        return f"stop {self.pk}"


class PushSubscription(models.Model):
    """A browser of a patient's that wants notifications (RFC 8030, 8291): where to send them and with which keys."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.URLField(max_length=800)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "endpoint"], name="push_subscription_once"),
        ]

    def __str__(self) -> str:
        return f"push subscription {self.pk}"
