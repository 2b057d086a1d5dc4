"""The administrators' page of how well waits are foretold, and what the board says of lateness."""

import datetime as dt

import pytest
from django.test import Client

from accounts.models import Organization, Practitioner
from accounts.roles import Role
from consults.models import WaitTold
from core.clock import now
from tests import factories as make
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = "/staff/waits/"


@pytest.fixture
def admin(clinic: Organization, sign_in: SignIn) -> Client:
    return sign_in(make.make_user(clinic, Role.ADMINISTRATOR))


def test_clinic_without_waits_is_told_so(admin: Client) -> None:
    assert "Nobody has waited yet" in admin.get(PAGE).content.decode()


def test_page_says_in_plain_words_how_many_waits_ended_inside(doctor: Practitioner, admin: Client) -> None:
    for number in range(40):
        visit = make.make_visit(practitioner=doctor, starts_at=now() + dt.timedelta(hours=number + 1))
        waited = 420 if number < 33 else 100 if number < 36 else 900
        WaitTold.objects.create(
            organization=doctor.organization,
            encounter=visit,
            told_at=now() - dt.timedelta(days=2),
            low_s=300,
            high_s=600,
            waited_s=waited,
        )
    page = admin.get(PAGE).content.decode()
    said = "Of 40 waits, 33 ended inside what we had said, which is 82 of 100; 3 ended sooner and 4 later."
    assert page.count(said) == 2
    assert doctor.display_name in page
    assert visit.patient.family_name not in page


def test_menu_leads_there_for_administrators_only(admin: Client, desk_browser: Client) -> None:
    link = f'href="{PAGE}"'
    assert link in admin.get("/staff/queue/").content.decode()
    assert link not in desk_browser.get("/staff/queue/").content.decode()
    assert desk_browser.get(PAGE).status_code == 404


def test_board_says_that_its_doctor_is_late(doctor: Practitioner, doctors_browser: Client) -> None:
    make.make_waiting_visit(practitioner=doctor, starts_at=now() - dt.timedelta(minutes=10, seconds=30))
    assert "Dr Marlow is about 10 minutes late." in doctors_browser.get("/staff/queue/").content.decode()
