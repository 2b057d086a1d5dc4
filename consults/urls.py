"""Addresses of consults: the queue, the doctor's call page, and everything under a personal link."""

from django.urls import path

from consults.views import call, guests, notify, queue, visit, waits

urlpatterns = [
    path("staff/", queue.staff, name="staff"),
    path("staff/queue/", queue.queue, name="queue"),
    path("staff/queue/<uuid:queue>/", queue.queue_board, name="queue-board"),
    path("staff/queue/<uuid:queue>/admit/<uuid:visit>/", queue.queue_admit, name="queue-admit"),
    path("staff/waits/", waits.waits, name="waits"),
    path("staff/visits/<uuid:visit>/", call.call, name="call"),
    path("staff/visits/<uuid:visit>/identity/", call.confirm_identity, name="call-identity"),
    path("staff/visits/<uuid:visit>/leave/", call.leave, name="call-leave"),
    path("staff/visits/<uuid:visit>/hold/", call.hold, name="call-hold"),
    path("staff/visits/<uuid:visit>/finish/", call.finish, name="call-finish"),
    path("v/<uuid:link>/", visit.visit, name="visit"),
    path("v/<uuid:link>/open/", visit.open_visit, name="visit-open"),
    path("v/<uuid:link>/consent/", visit.consent, name="visit-consent"),
    path("v/<uuid:link>/place/", visit.place, name="visit-place"),
    path("v/<uuid:link>/agree/", guests.agree, name="guest-agree"),
    path("v/<uuid:link>/leave/", visit.leave, name="visit-leave"),
    path("v/<uuid:link>/coming/", visit.coming, name="visit-coming"),
    path("v/<uuid:link>/cancel/", visit.cancel, name="visit-cancel"),
    path("v/<uuid:link>/notify/", notify.notify, name="visit-notify"),
    path("v/<uuid:link>/notify/off/", notify.notify_off, name="visit-notify-off"),
    # Not among the static files: a worker is in charge of what lies beside and below it, which are the links' pages.
    path("v/push-worker.js", notify.worker, name="push-worker"),
]
