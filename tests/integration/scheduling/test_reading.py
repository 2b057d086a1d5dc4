"""Reading appointments: whose they are, which day they belong to, and that looking is recorded once."""

from typing import Any

import pytest
from django.test import Client

from accounts.actors import ANONYMOUS
from accounts.roles import Role
from audit.models import AuditEvent
from core.errors import NotFound
from scheduling.selectors import get_appointment
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_get_appointment_by_whom_follows_the_table() -> None:
    appointment = make.make_appointment()
    desk = make.staff_actor(Role.FRONT_DESK, organization=appointment.organization)
    assert get_appointment(desk, appointment.uuid) == appointment
    assert get_appointment(make.practitioner_actor(appointment.practitioner), str(appointment.uuid)) == appointment
    strangers = [
        make.practitioner_actor(make.make_practitioner(appointment.organization)),
        make.staff_actor(Role.FRONT_DESK),
        make.patient_actor(appointment),
        ANONYMOUS,
    ]
    for stranger in strangers:
        with pytest.raises(NotFound):
            get_appointment(stranger, appointment.uuid)
    for absent in ("no uuid", "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(NotFound):
            get_appointment(desk, absent)


def test_looking_many_times_is_recorded_once_per_viewer_patient_and_page() -> None:
    appointment = make.make_appointment()
    desk = make.staff_actor(Role.FRONT_DESK, organization=appointment.organization)
    for _ in range(3):
        get_appointment(desk, appointment.uuid)
    get_appointment(make.practitioner_actor(appointment.practitioner), appointment.uuid)
    views = AuditEvent.objects.filter(action="view", patient_id=appointment.patient_id)
    seen = sorted((event.actor_id == desk.id, event.detail["page"]) for event in views)
    assert (False, "appointment") in seen
    assert seen.count((True, "appointment")) == 1


def test_patients_offered_by_the_booking_form_are_recorded_once_each_and_in_one_go(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    clinic = make.make_organization()
    offered = {make.make_patient(clinic).pk for _ in range(20)}
    make.make_patient()
    desk = make.make_user(clinic, Role.FRONT_DESK)
    client.force_login(desk)
    with django_assert_max_num_queries(20):
        client.get("/staff/appointments/new/")
    client.get("/staff/appointments/new/")
    views = AuditEvent.objects.filter(action="view", actor_id=desk.pk, detail={"page": "appointment-new"})
    assert sorted(views.values_list("patient_id", flat=True)) == sorted(offered)
