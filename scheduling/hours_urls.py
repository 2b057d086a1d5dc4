"""The addresses of the staff pages of hours, days, terms, types of visit, rooms and interpreters."""

from django.urls import path

from scheduling.views import offers, rooms, schedules

urlpatterns = [
    path("staff/schedule/", schedules.schedules, name="schedules"),
    path("staff/schedule/clinic/", offers.clinic_days, name="clinic-days"),
    path("staff/schedule/clinic/days/new/", offers.clinic_days_new, name="clinic-days-new"),
    path("staff/schedule/clinic/terms/", offers.terms, name="booking-terms"),
    path("staff/schedule/days/<uuid:days>/remove/", schedules.days_remove, name="days-remove"),
    path("staff/schedule/<uuid:practitioner>/", schedules.schedule, name="schedule"),
    path("staff/schedule/<uuid:practitioner>/hours/new/", schedules.hours_new, name="hours-new"),
    path("staff/schedule/<uuid:practitioner>/hours/<uuid:hours>/", schedules.hours_change, name="hours-change"),
    path("staff/schedule/<uuid:practitioner>/hours/<uuid:hours>/remove/", schedules.hours_remove, name="hours-remove"),
    path("staff/schedule/<uuid:practitioner>/limits/", schedules.limits, name="schedule-limits"),
    path("staff/schedule/<uuid:practitioner>/days/new/", schedules.days_new, name="days-new"),
    path("staff/visit-types/", offers.visit_types, name="visit-types"),
    path("staff/visit-types/new/", offers.visit_type_new, name="visit-type-new"),
    path("staff/visit-types/<uuid:visit_type>/", offers.visit_type, name="visit-type"),
    path("staff/rooms/", rooms.rooms, name="rooms"),
    path("staff/rooms/new/", rooms.room_new, name="room-new"),
    path("staff/rooms/<uuid:room>/", rooms.room, name="room"),
    path("staff/interpreters/new/", rooms.interpreter_new, name="interpreter-new"),
    path("staff/interpreters/<uuid:interpreter>/", rooms.interpreter, name="interpreter"),
]
