"""Where our sockets are. Origin is checked before they are reached, in telehealth.asgi."""

from __future__ import annotations

from django.urls import path

from signaling.consumers.calendar import CalendarConsumer
from signaling.consumers.clinic import ClinicConsumer
from signaling.consumers.queue import QueueConsumer
from signaling.consumers.trial import TrialConsumer
from signaling.consumers.visit import VisitConsumer

websocket_urlpatterns = [
    path("v/<uuid:link>/ws", VisitConsumer.as_asgi(), name="visit-socket"),
    path("v/<uuid:link>/trial/ws", TrialConsumer.as_asgi(), name="trial-socket"),
    path("staff/visits/<uuid:visit>/ws", VisitConsumer.as_asgi(), name="call-socket"),
    path("staff/queue/<uuid:queue>/ws", QueueConsumer.as_asgi(), name="queue-socket"),
    path("staff/clinic/ws", ClinicConsumer.as_asgi(), name="clinic-socket"),
    path("staff/calendar/ws", CalendarConsumer.as_asgi(), name="calendar-socket"),
]
