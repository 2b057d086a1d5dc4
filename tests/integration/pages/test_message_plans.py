"""Administrators say which messages go out and when, for all visits and for one type; quiet hours and the limit."""

import uuid

import pytest
from django.test import Client

from accounts.models import Organization
from accounts.roles import Role
from audit.models import AuditEvent
from core.errors import Invalid, NotFound
from notifications.models import ClinicMessages, PlannedKind
from notifications.selectors.plans import Planned, Rules, plan_of, rules_of
from notifications.services.arranging import set_plan, set_plan_of_type
from scheduling.models import VisitType
from tests import factories as make
from tests import told
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = "/staff/messages/plans/"
FORM = {
    "on-test-reminder": "on",
    "before-test-reminder": "2880",
    "on-test-next": "on",
    "quiet_from": "20:30",
    "quiet_until": "07:00",
    "most": "5",
}


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    told.install(monkeypatch)


@pytest.fixture
def admin(clinic: Organization, sign_in: SignIn) -> Client:
    return sign_in(make.make_user(clinic, Role.ADMINISTRATOR))


@pytest.fixture
def visit_type(clinic: Organization) -> VisitType:
    return VisitType.objects.create(organization=clinic, name="First visit", minutes=40)


def test_plan_shows_what_holds_as_usual(admin: Client) -> None:
    page = admin.get(PAGE).content.decode()
    assert "Always sent" in page
    assert '<option value="1440" selected>1 day before</option>' in page
    for value in ("21:00", "08:00", "20"):
        assert f'value="{value}"' in page


def test_plan_is_saved_and_holds(clinic: Organization, admin: Client) -> None:
    page = admin.post(PAGE, FORM, follow=True).content.decode()
    assert "The plan is saved." in page
    plan = plan_of(clinic.pk)
    assert plan["test.reminder"] == Planned(True, 2880)
    assert plan["test.booked"] == Planned(True, None)
    assert rules_of(clinic) == Rules(20 * 60 + 30, 7 * 60, 5)
    admin.post(PAGE, {name: value for name, value in FORM.items() if name != "on-test-reminder"})
    assert not plan_of(clinic.pk)["test.reminder"].is_on
    assert PlannedKind.objects.filter(kind="test.reminder").count() == 1
    events = AuditEvent.objects.filter(action="notifications.plan.change").order_by("pk")
    assert [event.detail["off"] for event in events] == [[], ["test.reminder"]]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("most", "0", "Enter 1 or more"),
        ("most", "many", "Enter a number, like 20"),
        ("quiet_from", "25:00", "Enter a time of day, like 21:00"),
        ("quiet_until", "", "Enter a time of day, like 8:00"),
        ("before-test-reminder", "7", "Choose a time from the list"),
    ],
)
def test_plan_that_cannot_be_is_told(admin: Client, field: str, value: str, said: str) -> None:
    response = admin.post(PAGE, {**FORM, field: value})
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert "<title>Error: " in page
    assert not ClinicMessages.objects.exists()


def test_type_of_visit_has_a_plan_of_its_own_and_gives_it_back(
    clinic: Organization, admin: Client, visit_type: VisitType
) -> None:
    path = f"{PAGE}{visit_type.uuid}/"
    assert "As for all visits" in admin.get(PAGE).content.decode()
    assert "As for all visits (1 day before)" in admin.get(path).content.decode()
    form = {"on-test-reminder": "on", "before-test-reminder": "60", "on-test-next": "off"}
    page = admin.post(path, form, follow=True).content.decode()
    assert "The plan of “First visit” is saved." in page
    assert "Has a plan of its own" in page
    own = plan_of(clinic.pk, visit_type.uuid)
    assert own["test.reminder"] == Planned(True, 60)
    assert not own["test.next"].is_on
    assert plan_of(clinic.pk)["test.next"].is_on
    assert '<option value="off" selected>' in admin.get(path).content.decode()
    admin.post(path, {"on-test-reminder": "", "before-test-reminder": "60", "on-test-next": ""})
    assert not PlannedKind.objects.filter(visit_type=visit_type.uuid).exists()


def test_type_of_another_clinic_is_not_there(admin: Client, clinic: Organization) -> None:
    elsewhere = VisitType.objects.create(organization=make.make_organization(), name="Theirs", minutes=10)
    assert admin.get(f"{PAGE}{elsewhere.uuid}/").status_code == 404
    assert "Theirs" not in admin.get(PAGE).content.decode()
    actor = make.staff_actor(Role.ADMINISTRATOR, organization=clinic)
    for unknown in (elsewhere.uuid, uuid.uuid4()):
        with pytest.raises(NotFound):
            set_plan_of_type(actor=actor, organization=clinic, visit_type=unknown, plan={})


def test_desk_sees_no_plans(desk_browser: Client, visit_type: VisitType) -> None:
    texts = "/staff/messages/texts/"
    for path in (PAGE, f"{PAGE}{visit_type.uuid}/", texts, f"{texts}preview/"):
        assert desk_browser.get(path).status_code == 404
    assert PAGE not in desk_browser.get("/staff/messages/").content.decode()


def test_what_is_always_sent_cannot_be_switched_off(clinic: Organization) -> None:
    actor = make.staff_actor(Role.ADMINISTRATOR, organization=clinic)
    for plan in ({"test.booked": Planned(False, None)}, {"test.no-such": Planned(True, None)}):
        with pytest.raises(Invalid):
            set_plan(actor=actor, organization=clinic, plan=plan, rules=Rules())
    assert not PlannedKind.objects.exists()


def test_another_clinics_plan_is_not_mine_to_set(clinic: Organization) -> None:
    with pytest.raises(NotFound):
        set_plan(actor=make.staff_actor(Role.ADMINISTRATOR), organization=clinic, plan={}, rules=Rules())
