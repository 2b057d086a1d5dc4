"""The addresses of what goes out of the house and comes in: visits in other calendars, busy times, and files."""

from django.urls import path

from scheduling.views import busy, calendars

urlpatterns = [
    path("staff/appointments/<uuid:appointment>/visit.ics", calendars.appointment_file, name="appointment-file"),
    path("v/<uuid:link>/visit.ics", calendars.visit_file, name="visit-file"),
    path("staff/calendar-feed/", calendars.calendar_feed, name="calendar-feed"),
    path("staff/calendar-feed/revoke/", calendars.calendar_feed_revoke, name="calendar-feed-revoke"),
    path("calendar-feed/<uuid:feed>/<str:secret>.ics", calendars.calendar_feed_file, name="calendar-feed-file"),
    path("staff/busy-times/", busy.busy, name="busy-calendars"),
    path("staff/busy-times/<uuid:busy>/remove/", busy.busy_remove, name="busy-calendar-remove"),
]
