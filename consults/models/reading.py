"""What a clinic gives people to read while they wait: WaitingText. How it is read is in consults/reading.py."""

from django.db import models


class WaitingText(models.Model):
    """A clinic's words in one language."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="waiting_texts")
    language = models.CharField(max_length=10)
    title = models.CharField(max_length=80)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "language"], name="waiting_text_once_per_language"),
        ]

    def __str__(self) -> str:
        return f"waiting text {self.pk}"
