"""The ASGI application: pages, sockets behind the Origin door, and what starts and stops with the process."""

import os

from telehealth import handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
pages = handler.application()

# These read models and settings, so Django comes first.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from signaling.routing import websocket_urlpatterns  # noqa: E402
from telehealth.doors import BodyDoor, NoRouteIsAClose, OriginDoor  # noqa: E402
from telehealth.language import SpokenTo  # noqa: E402
from telehealth.lifespan import Lifespan  # noqa: E402

# More than the largest file, so that whoever sends a little more is told so by the page of files.
MOST_BODY = 16 * 1024 * 1024

application = ProtocolTypeRouter(
    {
        "http": BodyDoor(pages, MOST_BODY),
        "websocket": OriginDoor(SpokenTo(NoRouteIsAClose(URLRouter(websocket_urlpatterns))), settings.ORIGINS),
        "lifespan": Lifespan(),
    }
)
