"""The app's configuration. What runs for the life of a process is in lifespan.py."""

from django.apps import AppConfig


class SignalingConfig(AppConfig):
    name = "signaling"

    def ready(self) -> None:
        from signaling import policies, sessions  # noqa: F401  importing declares the rows

        sessions.listen()
