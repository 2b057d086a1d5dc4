"""The addresses of the demo's sink; elsewhere there are none."""

from django.urls import path

from notifications.views import sink

urlpatterns = [
    path("staff/messages/sink/", sink.sink, name="message-sink"),
    path("staff/messages/sink/email/", sink.email, name="message-sink-email"),
]
