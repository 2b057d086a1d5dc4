"""`manage runserver [address:port]`: uvicorn with reload, in place of Django's server that knows no sockets."""

from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Serves pages and sockets for development, and starts again when a file changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", nargs="?", default="127.0.0.1:8000")
        parser.add_argument("--noreload", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        host, _, port = options["address"].rpartition(":")
        reload: dict[str, Any] = (
            {} if options["noreload"] else {"reload": True, "reload_dirs": [str(settings.BASE_DIR)]}
        )
        uvicorn.run(
            "telehealth.asgi:application",
            host=host or "127.0.0.1",
            port=int(port),
            **reload,
            ws_max_size=65_536,
            ws_per_message_deflate=False,
            proxy_headers=False,
            server_header=False,
            log_config=None,
            access_log=False,
            lifespan="on",
        )
