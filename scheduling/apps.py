"""The scheduling app: declares its guards and policies and teaches accounts to read personal links."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.actors import register_path_actor
        from scheduling import guards, links, policies, ports, visitors, waitlinks  # noqa: F401  some declare
        from scheduling.services import moved, waitlist

        register_path_actor(links.PATH_PREFIX, links.actor_for_cookie)
        register_path_actor(visitors.PATH_PREFIX, visitors.visitor_for_cookie)
        register_path_actor(waitlinks.PATH_PREFIX, waitlinks.actor_for_cookie)
        ports.on_time_freed(waitlist.offer_freed_time)
        ports.on_moved(moved.remember_former_time)
