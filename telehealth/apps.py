"""App registration of the project itself: its policy rows, its management commands, and the broker of its jobs."""

from django.apps import AppConfig


class TelehealthConfig(AppConfig):
    name = "telehealth"

    def ready(self) -> None:
        # Whatever process tells a worker something, a command too, tells it over our broker and not over Celery's usual.
        from telehealth import celery  # noqa: F401
