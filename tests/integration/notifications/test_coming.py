"""The patient says by the link that they will come: it spares the next reminder and nothing else."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.roles import Role
from audit.models import AuditEvent
from core.errors import Conflict, NotFound
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from scheduling.models import Appointment, GroupPlace
from scheduling.services import move_appointment, say_coming
from tests import factories as make
from tests.integration.access.world import sign_in
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, planned, send_all, told

pytestmark = pytest.mark.django_db

DAYS, LAST = "visit.reminder_day", "visit.reminder_hour"


@pytest.fixture
def clinic() -> MailingClinic:
    return MailingClinic()


def by_link(visit: Appointment) -> tuple[Client, str]:
    link, client = visit.links.get(guest=None), Client()
    client.cookies[COOKIE_NAME] = session_cookie_for(link)
    return client, path_of(link)


def test_saying_so_spares_the_next_reminder_alone(clinic: MailingClinic) -> None:
    visit = clinic.book()
    say_coming(actor=make.patient_actor(visit), appointment=visit)
    assert planned(visit.uuid) == {"visit.booked": "waiting", DAYS: "skipped confirmed", LAST: "waiting"}
    with time_machine.travel(visit.starts_at - HOUR, tick=False):
        send_all()
    assert told(visit.uuid) == ["visit.booked", LAST]


def test_said_after_the_first_reminder_it_spares_the_last(clinic: MailingClinic) -> None:
    visit = clinic.book()
    with time_machine.travel(visit.starts_at - DAY, tick=False):
        send_all()
        say_coming(actor=make.patient_actor(visit), appointment=visit)
    assert planned(visit.uuid)[LAST] == "skipped confirmed"


def test_said_twice_it_is_said_once(clinic: MailingClinic) -> None:
    visit = clinic.book()
    for _ in range(2):
        say_coming(actor=make.patient_actor(visit), appointment=visit)
    assert planned(visit.uuid)[LAST] == "waiting"
    assert AuditEvent.objects.filter(action="scheduling.appointment.coming").count() == 1


def test_at_another_time_it_has_to_be_said_anew(clinic: MailingClinic) -> None:
    visit = clinic.book()
    say_coming(actor=make.patient_actor(visit), appointment=visit)
    visit = move_appointment(actor=clinic.desk, appointment=visit, starts_at=visit.starts_at + DAY)
    assert visit.coming_at is None
    assert planned(visit.uuid)[DAYS] == "waiting"


def test_of_a_group_everybody_says_it_for_themselves(clinic: MailingClinic) -> None:
    group = clinic.group(2)
    one, other = (place.patient for place in group.places.order_by("number"))
    say_coming(actor=make.patient_actor(group, one), appointment=group)
    assert planned(group.uuid, one)[DAYS] == "skipped confirmed"
    assert planned(group.uuid, other)[DAYS] == "waiting"
    assert [place.coming_at is not None for place in group.places.order_by("number")] == [True, False]
    move_appointment(actor=clinic.desk, appointment=group, starts_at=group.starts_at + DAY)
    assert not GroupPlace.objects.filter(coming_at__isnull=False).exists()


@pytest.mark.parametrize("status", ["pending", "cancelled", "noshow", "fulfilled"])
def test_visit_that_is_not_booked_is_not_one_to_come_to(clinic: MailingClinic, status: str) -> None:
    visit = clinic.book()
    actor = make.patient_actor(visit)
    Appointment.objects.filter(pk=visit.pk).update(status=status)
    with pytest.raises(Conflict) as refusal:
        say_coming(actor=actor, appointment=visit)
    assert refusal.value.code == "coming.not_booked"


def test_only_the_patient_of_the_link_may_say_so(clinic: MailingClinic) -> None:
    visit, other = clinic.book(), clinic.book(clinic.at + HOUR)
    guest = make.guest_actor(make.make_guest(visit))
    for actor in (clinic.desk, guest, make.patient_actor(other)):
        with pytest.raises(NotFound):
            say_coming(actor=actor, appointment=visit)


def test_button_on_the_page_of_an_early_visit_says_so_and_the_staff_read_it(clinic: MailingClinic) -> None:
    visit = clinic.book()
    client, path = by_link(visit)
    assert "I will come" in client.get(path).content.decode()
    answer = client.post(f"{path}coming/")
    assert (answer.status_code, answer["Location"]) == (302, path)
    page = client.get(path).content.decode()
    assert "You have said that you will come." in page
    assert f'action="{path}coming/"' not in page
    staff = Client()
    sign_in(staff, make.make_user(clinic.organization, Role.FRONT_DESK))
    assert "Has said they come" in staff.get(f"/staff/appointments/{visit.uuid}/").content.decode()


def test_page_of_a_visit_by_phone_has_the_button_too(clinic: MailingClinic) -> None:
    visit = clinic.book(modality="phone")
    client, path = by_link(visit)
    assert "I will come" in client.get(path).content.decode()


def test_staff_read_of_a_group_who_has_said_so(clinic: MailingClinic) -> None:
    group = clinic.group(2)
    GroupPlace.objects.filter(appointment=group, number=1).update(coming_at=group.starts_at - dt.timedelta(days=1))
    staff = Client()
    sign_in(staff, make.make_user(clinic.organization, Role.FRONT_DESK))
    assert staff.get(f"/staff/appointments/{group.uuid}/").content.decode().count("has said they come") == 1
