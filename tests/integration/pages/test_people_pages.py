"""Staff keep a patient's people, what they may agree to, where the patient usually is, and practitioners' licences."""

import datetime as dt
import html
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import Licence, Organization, Patient, Practitioner, RelatedPerson
from accounts.roles import Role
from audit.models import AuditEvent
from consent.models import ConsentRight
from consent.services.rights import withdraw_right
from core.clock import today
from scheduling.links import secret_for
from scheduling.services import add_guest
from tests import factories as make
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
MOTHER = {"name": " Ana  Lopez ", "relationship": "mother", "phone": "555-0160", "is_emergency_contact": "on"}
RIGHT = {"purposes": ["telehealth", "recording"], "basis": "child", "seen": "birth certificate", "ends_on": ""}


@pytest.fixture
def child(clinic: Organization) -> Patient:
    return make.make_child(clinic, family_name="Fern")


@pytest.fixture
def admin(clinic: Organization, sign_in: SignIn) -> Client:
    return sign_in(make.make_user(clinic, Role.ADMINISTRATOR))


def text(page: object) -> str:
    return html.unescape(page.content.decode())  # type: ignore[attr-defined]


def test_desk_adds_a_mother_gives_her_the_right_to_agree_and_takes_both_back(
    desk_browser: Client, child: Patient
) -> None:
    people = f"/staff/patients/{child.uuid}/people/"
    assert "under 18" in text(desk_browser.get(people))
    page = text(desk_browser.post(f"{people}new/", MOTHER, follow=True))
    mother = RelatedPerson.objects.get()
    assert (mother.name, mother.patient, mother.is_emergency_contact) == ("Ana Lopez", child, True)
    assert "nothing for the patient" in page
    right = f"/staff/people/{mother.uuid}/right/"
    page = text(
        desk_browser.post(right, RIGHT | {"starts_on": today(child.organization.timezone).isoformat()}, follow=True)
    )
    given = ConsentRight.objects.get()
    assert given.purposes == ["recording", "telehealth"]
    assert "video visits and recordings" in page
    assert f"31 December {child.birth_date.year + 17}" in page
    assert "who saw: birth certificate" in page
    page = text(desk_browser.post(f"{right}withdraw/", follow=True))
    assert "A right was withdrawn on" in page
    page = text(desk_browser.post(f"/staff/people/{mother.uuid}/end/", follow=True))
    assert "Formerly: Ana Lopez, mother" in page
    actions = set(AuditEvent.objects.filter(patient_id=child.pk).values_list("action", flat=True))
    assert {"related.add", "consent.right.give", "consent.right.withdraw", "related.end", "view"} <= actions


def test_days_of_a_right_are_those_of_the_clinic(desk_browser: Client, child: Patient) -> None:
    """In the evening it is tomorrow already where clocks show UTC."""
    evening = dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)
    right = make.make_right(make.make_related(child))
    ConsentRight.objects.update(confirmed_at=evening)
    people = f"/staff/patients/{child.uuid}/people/"
    assert "Confirmed on 1 March 2026 by: birth certificate" in text(desk_browser.get(people))
    ConsentRight.objects.update(confirmed_by=make.make_user(child.organization, name="Hanna Oakes"))
    assert "Confirmed by Hanna Oakes on 1 March 2026" in text(desk_browser.get(people))
    withdraw_right(actor=make.SYSTEM, right=right)
    ConsentRight.objects.update(withdrawn_at=evening)
    assert "A right was withdrawn on 1 March 2026" in text(desk_browser.get(people))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "Enter their name"),
        ({"name": "x" * 81}, "Say it in fewer letters"),
        ({"relationship": "cousin"}, "Choose one from the list"),
        ({"phone": ""}, "needs a phone number"),
        ({"phone": "none"}, "Enter a phone number that we can call"),
        ({"email": "ana"}, "Enter an email address"),
        ({"ends_on": "2020-01-01"}, "The last day is before the first."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_kept(
    desk_browser: Client, child: Patient, changed: dict[str, str], words: str
) -> None:
    page = desk_browser.post(f"/staff/patients/{child.uuid}/people/new/", MOTHER | changed)
    assert page.status_code == 422
    assert words in text(page)
    assert RelatedPerson.objects.count() == 0


def test_region_of_a_patient_is_kept_and_an_unknown_one_is_not(desk_browser: Client, child: Patient) -> None:
    address = f"/staff/patients/{child.uuid}/region/"
    for said, kept in (("ES", "ES"), ("XX", "ES"), ("", "")):
        desk_browser.post(address, {"region": said})
        child.refresh_from_db()
        assert child.region == kept


def test_administrator_keeps_licences_by_country_and_part(admin: Client, doctor: Practitioner) -> None:
    address = f"/staff/licences/{doctor.uuid}/"
    assert "Nothing kept" in text(admin.get("/staff/licences/"))
    for part in ("IL", "illinois", "US-IL"):
        page = text(admin.post(address, {"country": "US", "part": part}, follow=True))
    assert Licence.objects.get().region == "US-IL"
    assert "Illinois, United States" in page
    admin.post(address, {"country": "ES", "part": "", "ends_on": "2020-01-01"})
    assert "Does not count today" in text(admin.get(address))
    for wrong in ({"country": "US", "part": "Wisconsinia"}, {"country": "", "part": ""}):
        assert admin.post(address, wrong).status_code == 422
    # A patient's region is asked by parts now, where somebody is licensed for a part alone.
    child = make.make_child(doctor.organization)
    assert 'value="US-WI"' in text(admin.get(f"/staff/patients/{child.uuid}/people/"))
    admin.post(f"{address}{Licence.objects.get(region='US-IL').uuid}/remove/")
    assert list(Licence.objects.values_list("region", flat=True)) == ["ES"]


def test_age_at_which_one_agrees_alone_is_set_with_the_terms(admin: Client, clinic: Organization) -> None:
    address = "/staff/schedule/clinic/terms/"
    standing = {name: value for name, value in admin.get(address).context["form"].initial.items() if value is not False}
    page = admin.post(address, standing | {"age_of_majority": "21"}, follow=True)
    assert page.status_code == 200
    clinic.refresh_from_db()
    assert clinic.age_of_majority == 21


def test_one_of_the_patients_people_is_invited_by_one_press_and_agrees_by_her_own_link(
    desk_browser: Client, child: Patient, doctor: Practitioner
) -> None:
    mother = make.make_related(child)
    make.make_right(mother)
    child.region = "US-WI"
    child.save()
    Licence.objects.create(practitioner=doctor, region="US-IL")
    visit = make.make_visit(patient=child, practitioner=doctor)
    page = f"/staff/appointments/{visit.appointment.uuid}/"
    words = text(desk_browser.get(page))
    assert "Invite one of Mia’s people" in words
    assert "has no licence for Wisconsin, United States, where the patient usually is." in words
    assert "Ana Lopez, mother" in text(desk_browser.get(f"{page}guests/people/"))
    shown = text(desk_browser.post(f"{page}guests/people/", {"related": str(mother.uuid)}, follow=True))
    assert "agrees for Mia" in shown
    assert "Invite one of" not in shown
    link = visit.appointment.guests.get().link
    browser = Client(headers={"host": "127.0.0.1"})
    browser.post(f"/v/{link.uuid}/open/", {"secret": secret_for(link)})
    door = text(browser.get(f"/v/{link.uuid}/?step=consent"))
    assert "You agree for Mia" in door
    assert "Is a video visit all right for Mia?" in door
    assert "Also there" not in door
    stranger = make.make_related(make.make_child(doctor.organization), "Eva Stone")
    assert desk_browser.post(f"{page}guests/people/", {"related": str(stranger.uuid)}).status_code == 422


@pytest.mark.parametrize(("until", "status"), [("09:00", 302), ("later", 422)])
def test_link_of_a_guest_may_end_at_a_time_of_the_visits_clock(
    desk_browser: Client, child: Patient, doctor: Practitioner, until: str, status: int
) -> None:
    mother = make.make_related(child)
    visit = make.make_visit(patient=child, practitioner=doctor)
    address = f"/staff/appointments/{visit.appointment.uuid}/guests/people/"
    assert desk_browser.post(address, {"related": str(mother.uuid), "until": until}).status_code == status
    if status == 302:
        ends_at = visit.appointment.guests.get().ends_at
        local = ends_at.astimezone(ZoneInfo(visit.appointment.timezone))
        assert (local.hour, local.minute) == (9, 0)
        assert ends_at > visit.appointment.starts_at


def test_carer_without_the_right_reads_that_agreeing_is_not_theirs(child: Patient, doctor: Practitioner) -> None:
    visit = make.make_visit(patient=child, practitioner=doctor)
    carer = make.make_related(child, "Bo Reed", "carer")
    link = add_guest(actor=make.SYSTEM, appointment=visit.appointment, related=carer).link
    browser = Client(headers={"host": "127.0.0.1"})
    browser.post(f"/v/{link.uuid}/open/", {"secret": secret_for(link)})
    assert "Agreeing is not yours: Mia does, or who has the right to." in text(browser.get(f"/v/{link.uuid}/"))
    make.make_right(carer)
    withdraw_right(actor=make.SYSTEM, right=carer.consent_rights.get())
    assert "Your right to agree for Mia has ended" in text(browser.get(f"/v/{link.uuid}/"))
    assert browser.post(f"/v/{link.uuid}/place/", {"place": "Here", "callback_phone": "555 0100"}).status_code == 404
