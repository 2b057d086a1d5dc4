"""Addresses of recordings: the record buttons and answers of a visit."""

from django.urls import path

from recordings.views import life

urlpatterns = [
    path("staff/visits/<uuid:visit>/recording/start/", life.start, name="recording-start"),
    path("staff/visits/<uuid:visit>/recording/stop/", life.stop, name="recording-stop"),
    path("staff/visits/<uuid:visit>/recording/consent/", life.staff_consent, name="recording-staff-consent"),
    path("v/<uuid:link>/recording/consent/", life.consent, name="recording-consent"),
]
