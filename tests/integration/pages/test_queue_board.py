"""The queue board as pages and forms; its socket is tested in tests/integration/signaling."""

import datetime as dt
import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Practitioner
from consults.lifecycle import VisitStatus
from consults.selectors import waiting_queue
from core.clock import now
from tests import factories
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db


def admit_path(visit: factories.Encounter) -> str:
    return reverse("queue-admit", args=[visit.queue.uuid, visit.uuid])


def test_board_without_visits_says_nobody_is_waiting(doctors_browser: Client) -> None:
    page = doctors_browser.get(reverse("queue")).content.decode()
    assert "Nobody is waiting" in page
    assert "Good " in page


def test_board_has_one_main_button_for_the_next_in_line(doctor: Practitioner, doctors_browser: Client) -> None:
    patient = factories.make_patient(doctor.organization, given_name="Otto", family_name="Pepperday")
    visit = factories.make_waiting_visit(practitioner=doctor, patient=patient, reason="cough")
    page = doctors_browser.get(reverse("queue")).content.decode()
    assert page.count("hc-btn-main hc-btn-big") == 1
    assert "Call Otto in" in page
    assert f'action="{admit_path(visit)}"' in page
    assert "(1) Queue" in re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]
    assert "Pepperday" not in re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]


def test_board_sends_strangers_to_sign_in(stranger: Client) -> None:
    answer = stranger.get(reverse("queue"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_request_login_code"))


def test_board_of_a_doctor_opens_for_the_desk_and_not_for_another_doctor(
    clinic: Organization, doctor: Practitioner, desk_browser: Client, sign_in: SignIn
) -> None:
    visit = factories.make_visit(practitioner=doctor)
    path = reverse("queue-board", args=[visit.queue.uuid])
    colleague = factories.make_practitioner(clinic)
    assert desk_browser.get(path).status_code == 200
    assert sign_in(colleague.user).get(path).status_code == 404


def test_desk_chooses_among_the_queues_of_its_clinic(doctor: Practitioner, desk_browser: Client) -> None:
    factories.make_visit(practitioner=doctor)
    elsewhere = factories.make_visit()
    page = desk_browser.get(reverse("queue")).content.decode()
    assert doctor.display_name in page
    assert elsewhere.practitioner.display_name not in page


def test_call_in_admits_and_goes_to_the_call(doctor: Practitioner, doctors_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    answer = doctors_browser.post(admit_path(visit))
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("call", args=[visit.uuid])
    visit.refresh_from_db()
    assert visit.status == VisitStatus.IN_PROGRESS


def test_call_in_is_refused_to_the_desk(doctor: Practitioner, desk_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    assert desk_browser.post(admit_path(visit)).status_code == 404
    visit.refresh_from_db()
    assert visit.status == VisitStatus.ARRIVED


def test_call_in_through_the_queue_of_another_doctor_is_not_found(
    clinic: Organization, doctor: Practitioner, doctors_browser: Client
) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    other = factories.make_visit(practitioner=factories.make_practitioner(clinic))
    assert doctors_browser.post(reverse("queue-admit", args=[other.queue.uuid, visit.uuid])).status_code == 404


def test_call_in_of_somebody_who_left_comes_back_to_the_board_and_says_so(
    doctor: Practitioner, doctors_browser: Client
) -> None:
    visit = factories.make_visit(practitioner=doctor)
    answer = doctors_browser.post(admit_path(visit), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("queue-board", args=[visit.queue.uuid])
    assert "This patient is not in the waiting room now." in answer.content.decode()


def test_call_in_by_get_is_refused(doctor: Practitioner, doctors_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    assert doctors_browser.get(admit_path(visit)).status_code == 405


def test_board_fragment_for_the_socket_carries_no_csrf_token(doctor: Practitioner, doctors_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    actor = factories.practitioner_actor(doctor)
    board = waiting_queue(actor, visit.queue)
    fragment = render_to_string("consults/_queue_board.html", {"board": board, "clinic": doctor.organization})
    # The field, so that both boards are of one shape, and in it nobody's token.
    assert set(re.findall(r"csrf[^>]*", fragment)) == {'csrfmiddlewaretoken" value=""'}
    assert visit.patient.full_name in fragment
    assert "csrfmiddlewaretoken" in doctors_browser.get(reverse("queue")).content.decode()


def test_board_keys_are_unique_and_every_row_has_one(doctor: Practitioner) -> None:
    first = factories.make_waiting_visit(practitioner=doctor)
    factories.make_visit(practitioner=doctor, starts_at=first.appointment.ends_at)
    board = waiting_queue(factories.practitioner_actor(doctor), first.queue)
    fragment = render_to_string("consults/_queue_board.html", {"board": board, "clinic": doctor.organization})
    keys = re.findall(r'data-key="([^"]+)"', fragment)
    assert len(keys) == len(set(keys))
    assert fragment.count("data-row") == 2


def test_board_says_who_is_with_the_doctor_for_the_question_before_calling_in(
    doctor: Practitioner, doctors_browser: Client
) -> None:
    organization = doctor.organization
    factories.make_visit_in_progress(
        practitioner=doctor, patient=factories.make_patient(organization, given_name="Rosalind")
    )
    factories.make_waiting_visit(
        practitioner=doctor,
        patient=factories.make_patient(organization, given_name="Otto"),
        starts_at=now() - dt.timedelta(minutes=30),
    )
    page = doctors_browser.get(reverse("queue")).content.decode()
    assert 'data-state="in-call" data-given="Rosalind"' in page
    assert page.count('<form class="hc-call-in" method="post" data-given="Otto"') == 1
    assert page.count('<form class="hc-qdo hc-call-in" method="post" data-given="Otto"') == 1
    assert "data-ask-call-in" in page
