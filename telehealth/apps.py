"""App registration of the project itself: its policy rows and management commands."""

from django.apps import AppConfig


class TelehealthConfig(AppConfig):
    name = "telehealth"
