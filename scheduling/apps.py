"""The scheduling app: declares its guards and policies and teaches accounts to read personal links."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.actors import register_path_actor
        from scheduling import guards, links, policies  # noqa: F401  declared by being imported

        register_path_actor(links.PATH_PREFIX, links.actor_for_cookie)
