"""The addresses of what patients do by themselves, and of the desk's pages about it: booking, moving, the wait list."""

from django.urls import path

from scheduling.views import booking, home, moving, sorting, waiting, waitlist

urlpatterns = [
    path("", home.home, name="home"),
    path("book/", booking.book, name="book"),
    path("book/time/", booking.book_time, name="book-time"),
    path("book/wait/", waiting.book_wait, name="book-wait"),
    path("book/<uuid:hold>/", booking.book_details, name="book-details"),
    path("book/<uuid:hold>/done/", booking.book_done, name="book-done"),
    path("wait/<uuid:wait>/", waiting.wait, name="wait"),
    path("wait/<uuid:wait>/open/", waiting.wait_open, name="wait-open"),
    path("wait/<uuid:wait>/answer/", waiting.wait_answer, name="wait-answer"),
    path("wait/<uuid:wait>/leave/", waiting.wait_leave, name="wait-leave"),
    path("v/<uuid:link>/move/", moving.visit_move, name="visit-move"),
    path("staff/wait-list/", waitlist.staff_wait_list, name="wait-list"),
    path("staff/wait-list/<uuid:entry>/", waitlist.staff_wait_entry, name="wait-list-entry"),
    path("staff/wait-list/<uuid:entry>/remove/", waitlist.staff_wait_remove, name="wait-list-remove"),
    path("staff/patients/unsorted/", sorting.patients_unsorted, name="patients-unsorted"),
    path("staff/patients/<uuid:patient>/sort/", sorting.patient_sort, name="patient-sort"),
]
