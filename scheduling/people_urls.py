"""The addresses of the staff pages of a patient's people, and of practitioners' licences."""

from django.urls import path

from scheduling.views import licences, people

urlpatterns = [
    path("staff/patients/<uuid:patient>/people/", people.patient_people, name="patient-people"),
    path("staff/patients/<uuid:patient>/people/new/", people.related_new, name="related-new"),
    path("staff/patients/<uuid:patient>/region/", people.patient_region, name="patient-region"),
    path("staff/people/<uuid:related>/", people.related, name="related"),
    path("staff/people/<uuid:related>/end/", people.related_end, name="related-end"),
    path("staff/people/<uuid:related>/right/", people.related_right, name="related-right"),
    path("staff/people/<uuid:related>/right/withdraw/", people.related_right_withdraw, name="related-right-withdraw"),
    path("staff/licences/", licences.licences, name="licences"),
    path("staff/licences/<uuid:practitioner>/", licences.licences_of, name="licences-of"),
    path("staff/licences/<uuid:practitioner>/<uuid:licence>/remove/", licences.licence_remove, name="licence-remove"),
]
