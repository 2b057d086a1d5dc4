"""The addresses of the pages about messages: staff's, administrators', and people's own preferences."""

from django.conf import settings
from django.urls import path

from notifications.views import failed, plans, preferences, texts

ONE = "staff/messages/<uuid:message>/"

urlpatterns = [
    path("staff/messages/", failed.failed, name="messages"),
    path(f"{ONE}again/", failed.message_again, name="message-again"),
    path(f"{ONE}address/", failed.message_address, name="message-address"),
    path("staff/messages/plans/", plans.plans, name="message-plans"),
    path("staff/messages/plans/<uuid:visit_type>/", plans.plan_of_type, name="message-plan-of-type"),
    path("staff/messages/texts/", texts.texts, name="message-texts"),
    path("staff/messages/texts/words/", texts.own_words, name="message-words"),
    path("staff/messages/texts/test/", texts.send_test, name="message-test"),
    path("staff/messages/texts/preview/", texts.preview, name="message-preview"),
    # Signed for one person; the word in the address opens this page alone.
    path("messages/<str:secret>/", preferences.preferences, name="message-preferences"),
]

if settings.DEMO:
    from notifications.sink_urls import urlpatterns as sink

    urlpatterns += sink
