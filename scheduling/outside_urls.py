"""The addresses of what goes out of the house and comes in: visits in other calendars, busy times, and files."""

from django.urls import path

from scheduling.views import busy, calendars, files

urlpatterns = [
    path("staff/appointments/<uuid:appointment>/visit.ics", calendars.appointment_file, name="appointment-file"),
    path("v/<uuid:link>/visit.ics", calendars.visit_file, name="visit-file"),
    path("staff/calendar-feed/", calendars.calendar_feed, name="calendar-feed"),
    path("staff/calendar-feed/revoke/", calendars.calendar_feed_revoke, name="calendar-feed-revoke"),
    path("calendar-feed/<uuid:feed>/<str:secret>.ics", calendars.calendar_feed_file, name="calendar-feed-file"),
    path("staff/busy-times/", busy.busy, name="busy-calendars"),
    path("staff/busy-times/<uuid:busy>/remove/", busy.busy_remove, name="busy-calendar-remove"),
    path("staff/import/", files.files, name="files"),
    path("staff/import/<uuid:file_in>/", files.file_in, name="file-in"),
    path("staff/import/<uuid:file_in>/confirm/", files.file_confirm, name="file-confirm"),
    path("staff/import/<uuid:file_in>/give-up/", files.file_give_up, name="file-give-up"),
    path("staff/export/patients.csv", files.patients_out, name="patients-out"),
    path("staff/export/practitioners.csv", files.practitioners_out, name="practitioners-out"),
    path("staff/export/appointments.csv", files.appointments_out, name="appointments-out"),
    path("staff/export/wait-list.csv", files.wait_list_out, name="wait-list-out"),
]
