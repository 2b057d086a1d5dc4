"""App registration of the project itself: its policy rows, its management commands, and the broker of its jobs."""

from django.apps import AppConfig


class TelehealthConfig(AppConfig):
    name = "telehealth"

    def ready(self) -> None:
        # Whatever process tells a worker something, a command too, does so over our broker, not Celery's usual one.
        from telehealth import celery  # noqa: F401
