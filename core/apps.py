"""App registration of core: puts the database guards back after every migrate."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import guards

        autodiscover_modules("guards")
        post_migrate.connect(guards.put_back, dispatch_uid="core.guards.put_back")
        checks.register(guards.check, checks.Tags.database)
