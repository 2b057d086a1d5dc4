"""How the sending itself goes: when workers were last seen, which channel waits for its provider, the demo's sink."""

from django.db import models

from core.clock import now
from notifications.models.messages import Channel


class Beat(models.Model):
    """When something that must run all the time was last seen to run."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"


class Pause(models.Model):
    """A channel's provider does not answer: until then nobody asks it, and then with one message first."""

    channel = models.CharField(max_length=8, choices=Channel, unique=True)
    until = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.channel} waits"


class SunkMessage(models.Model):
    """What the sink was given in place of a provider. Like a provider with idempotency keys it takes each key once."""

    key = models.CharField(max_length=60, unique=True)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    # How often it was handed over: more than once says that somebody was killed in between.
    times = models.PositiveIntegerField(default=1)
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=800)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    html = models.TextField(blank=True)
    # Names of files, and the headers that go beside it.
    files = models.JSONField(default=list)
    headers = models.JSONField(default=dict)
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["organization", "-at"], name="sunk_message_newest")]

    def __str__(self) -> str:
        return f"sunk message {self.pk}"
