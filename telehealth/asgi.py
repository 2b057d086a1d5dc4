"""The ASGI application: pages, sockets behind the Origin door, and what starts and stops with the process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
pages = get_asgi_application()

# These read models and settings, so Django comes first.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from signaling.routing import websocket_urlpatterns  # noqa: E402
from telehealth.doors import NoRouteIsAClose, OriginDoor  # noqa: E402
from telehealth.lifespan import Lifespan  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": OriginDoor(NoRouteIsAClose(URLRouter(websocket_urlpatterns)), settings.ORIGINS),
        "lifespan": Lifespan(),
    }
)
