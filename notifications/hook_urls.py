"""The addresses that providers post to. They stand in the providers' own settings: they do not change."""

from django.urls import path

from notifications.views import webhooks

urlpatterns = [
    path("hooks/twilio/status/", webhooks.twilio_status, name="hook-twilio-status"),
    path("hooks/twilio/reply/", webhooks.twilio_reply, name="hook-twilio-reply"),
    path("hooks/mail/", webhooks.mail_notices, name="hook-mail"),
]
