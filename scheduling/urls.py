"""The addresses of the staff appointment pages."""

from django.urls import path

from scheduling.hours_urls import urlpatterns as hours
from scheduling.patient_urls import urlpatterns as patients
from scheduling.people_urls import urlpatterns as people
from scheduling.views import appointments as views
from scheduling.views import calendar, calendar_move, desk_booking, groups, guests, standing

urlpatterns = [
    *hours,
    *patients,
    *people,
    path("staff/calendar/", calendar.calendar, name="calendar"),
    path("staff/calendar/feed/", calendar.calendar_changes, name="calendar-changes"),
    path("staff/calendar/find/", calendar.calendar_find, name="calendar-find"),
    path("staff/appointments/<uuid:appointment>/move/", calendar_move.appointment_move, name="appointment-move"),
    path("staff/appointments/", views.appointments, name="appointments"),
    path("staff/appointments/new/", desk_booking.appointment_new, name="appointment-new"),
    path("staff/appointments/<uuid:appointment>/", views.appointment, name="appointment"),
    path(
        "staff/appointments/<uuid:appointment>/standing/",
        standing.appointment_standing,
        name="appointment-standing",
    ),
    path("staff/appointments/<uuid:appointment>/cancel/", views.appointment_cancel, name="appointment-cancel"),
    path("staff/appointments/<uuid:appointment>/patients/", groups.appointment_patients, name="appointment-patients"),
    path("staff/group-places/<uuid:place>/", groups.group_place, name="group-place"),
    path("staff/appointments/<uuid:appointment>/guests/", guests.appointment_guests, name="appointment-guests"),
    path("staff/appointments/<uuid:appointment>/guests/people/", guests.appointment_related, name="guest-related"),
    path("staff/appointments/<uuid:appointment>/guests/<uuid:guest>/new-link/", guests.guest_link, name="guest-link"),
    path("staff/appointments/<uuid:appointment>/guests/<uuid:guest>/remove/", guests.guest_remove, name="guest-remove"),
    path("staff/appointments/<uuid:appointment>/new-link/", views.appointment_link, name="appointment-link"),
]
