"""The recordings app. What it hears of visits, consents and relays is registered here."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "recordings"
    default_auto_field = "django.db.models.BigAutoField"
