"""App registration of notifications. Kinds of messages are registered by the rooms above it (kinds.py)."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.actors import register_path_actor
        from notifications import policies, preferences  # noqa: F401  the first declares

        register_path_actor(preferences.PATH_PREFIX, preferences.actor_for_path)
