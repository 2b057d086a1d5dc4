"""The addresses of a house that runs as a demo: as everywhere, and its own before the last one, which is nowhere."""

from notifications.sink_urls import urlpatterns as sink
from telehealth import urls
from telehealth.demo.urls import urlpatterns as demo
from telehealth.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
urlpatterns = [*sink, *demo, *urls.urlpatterns]
