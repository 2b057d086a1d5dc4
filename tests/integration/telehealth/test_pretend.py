"""The pretend patient: a button and a script that only a demo has, and a visit that is made as any other is."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Practitioner
from accounts.policy import action_of_route, policies_of
from accounts.roles import Role
from audit.models import AuditEvent
from consults.lifecycle import VisitStatus
from consults.models import Encounter
from core.clock import now
from scheduling.links import COOKIE_NAME
from telehealth.demo.pretend import LABEL, REASON
from telehealth.demo.urls import urlpatterns
from tests import factories

pytestmark = pytest.mark.django_db
SCRIPT = "js/pretend"
WORDS = "Let a pretend patient come in"


@pytest.fixture
def clinic() -> Organization:
    return factories.make_organization()


@pytest.fixture
def doctor(clinic: Organization) -> Practitioner:
    return factories.make_practitioner(clinic)


@pytest.fixture
def demo(settings: object) -> None:
    settings.DEMO, settings.ROOT_URLCONF = True, "tests.demo_urls"  # type: ignore[attr-defined]


def browser_of(user: object) -> Client:
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")  # type: ignore[arg-type]
    return browser


def path_of(doctor: Practitioner, browser: Client) -> str:
    """The doctor's board is there once they have opened it."""
    page = browser.get("/staff/queue/").content.decode()
    [board] = re.findall(r'data-socket="(/staff/queue/[\w-]+/)"', page)
    return f"{board}pretend/"


def open_page(location: str) -> str:
    """What the window that opens shows after its script has posted the secret."""
    path, _, secret = location.partition("?pretend#")
    patient = Client(headers={"host": "127.0.0.1"})
    assert patient.post(f"{path}open/", {"secret": secret}).status_code == 204
    assert COOKIE_NAME in patient.cookies
    return patient.get(f"{path}?pretend").content.decode()


def test_house_that_is_no_demo_has_neither_button_nor_route_nor_script(doctor: Practitioner) -> None:
    visit = factories.make_visit(practitioner=doctor)
    browser = browser_of(doctor.user)
    assert WORDS not in browser.get("/staff/queue/").content.decode()
    path = path_of(doctor, browser)
    nowhere = browser.post("/staff/queue/nothing/pretend/")
    assert (browser.post(path).status_code, nowhere.status_code) == (404, 404)
    assert Encounter.objects.get() == visit
    link = visit.appointment.links.get()
    from scheduling.links import secret_for

    assert SCRIPT not in open_page(f"/v/{link.uuid}/?pretend#{secret_for(link)}")


@pytest.mark.usefixtures("demo")
def test_visit_that_is_due_now_is_the_one_that_is_come_to(doctor: Practitioner) -> None:
    factories.make_visit(practitioner=doctor, starts_at=now() + dt.timedelta(hours=2))
    due = factories.make_visit(practitioner=doctor, starts_at=now() + dt.timedelta(minutes=5))
    browser = browser_of(doctor.user)
    page = browser.get("/staff/queue/").content.decode()
    path = path_of(doctor, browser)
    assert f'action="{path}"' in page
    assert WORDS in page
    answer = browser.post(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/v/{due.appointment.links.get().uuid}/?pretend#")
    assert "no-store" in answer["Cache-Control"]
    assert SCRIPT in open_page(answer["Location"])
    due.refresh_from_db()
    assert due.status == VisitStatus.PLANNED
    assert Encounter.objects.count() == 2


@pytest.mark.usefixtures("demo")
def test_visit_for_now_is_booked_and_told_of_when_none_is_due(doctor: Practitioner) -> None:
    patient = factories.make_patient(doctor.organization)
    browser = browser_of(doctor.user)
    path = path_of(doctor, browser)
    answer = browser.post(path)
    made = Encounter.objects.get()
    assert (made.patient, made.practitioner, made.appointment.reason) == (patient, doctor, REASON)
    assert made.status == VisitStatus.PLANNED
    assert AuditEvent.objects.filter(action="scheduling.appointment.book", actor_label=LABEL).count() == 1
    # Pressed once more before anybody came in: the same person.
    assert browser.post(path)["Location"] == answer["Location"]
    assert Encounter.objects.count() == 1


@pytest.mark.usefixtures("demo")
def test_somebody_else_comes_while_the_first_is_there(doctor: Practitioner) -> None:
    factories.make_patient(doctor.organization)
    other = factories.make_patient(doctor.organization)
    browser = browser_of(doctor.user)
    path = path_of(doctor, browser)
    first = browser.post(path)
    Encounter.objects.update(status=VisitStatus.IN_PROGRESS)
    second = browser.post(path)
    assert first["Location"] != second["Location"]
    assert Encounter.objects.exclude(status=VisitStatus.IN_PROGRESS).get().patient == other


@pytest.mark.usefixtures("demo")
def test_clinic_without_patients_is_told_so(doctor: Practitioner) -> None:
    browser = browser_of(doctor.user)
    answer = browser.post(path_of(doctor, browser))
    assert answer.status_code == 409
    assert "No time is free around now" in answer.content.decode()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("doctor", 302),
        ("desk", 302),
        ("colleague", 404),
        ("officer", 404),
        ("elsewhere", 404),
        ("stranger", 302),
    ],
)
def test_only_who_may_see_the_board_lets_somebody_come(
    clinic: Organization, doctor: Practitioner, who: str, status: int
) -> None:
    due = factories.make_visit(practitioner=doctor)
    path = f"/staff/queue/{due.queue.uuid}/pretend/"
    people = {
        "doctor": lambda: doctor.user,
        "desk": lambda: factories.make_user(clinic, Role.FRONT_DESK),
        "colleague": lambda: factories.make_practitioner(clinic).user,
        "officer": lambda: factories.make_user(clinic, Role.PRIVACY_OFFICER),
        "elsewhere": lambda: factories.make_user(factories.make_organization(), Role.FRONT_DESK),
    }
    browser = browser_of(people[who]()) if who in people else Client(headers={"host": "127.0.0.1"})
    answer = browser.post(path)
    assert answer.status_code == status
    came = who in {"doctor", "desk"}
    assert answer.get("Location", "").startswith("/v/") is came
    assert browser.get(path).status_code in {302, 404, 405}


def test_every_route_of_the_demo_has_a_policy() -> None:
    for route in urlpatterns:
        action = action_of_route(route.name, route.callback)
        assert action
        assert policies_of(action)
    with pytest.raises(Exception, match="queue-pretend"):
        reverse("queue-pretend", args=["5b0cf06f-8ff1-4b94-a4ef-5d1c0a3d8f51"])
