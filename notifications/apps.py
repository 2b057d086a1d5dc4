"""App registration of notifications. Kinds of messages are registered by the rooms above it (kinds.py)."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from notifications import policies  # noqa: F401  declares
