"""A child at the walk-in door: an adult comes along and agrees, and a child's own yes is none."""

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Organization, Patient, RelatedPerson
from accounts.roles import Role
from accounts.selectors import emergency_contacts_of
from accounts.services.people import PersonSaid
from consent.models import Consent, ConsentRight
from consent.selectors import current_text, standing_consent
from consent.services.rights import withdraw_right
from consults.models import Encounter, Pool
from consults.selectors.board import on_boards, rows_of
from consults.selectors.company import Company, company_of
from consults.services.walkin import come_in
from consults.views.people import whom_to_fetch
from core.clock import now, today
from core.errors import Invalid
from scheduling import visitors
from scheduling.services.merging import merge_patient
from tests import factories as make

pytestmark = pytest.mark.django_db

ADULT = {
    "adult_name": "Rosa Lopez",
    "adult_birth_date": "1985-04-01",
    "adult_relationship": "mother",
    "adult_phone": "+1 312 555 0143",
    "adult_agrees": "on",
}


@pytest.fixture
def pool() -> Pool:
    clinic = Organization.objects.first() or make.make_organization(timezone="America/Chicago")
    return make.make_pool(make.make_practitioner(clinic), takes_walk_ins=True)


def born(pool: Pool, years: int) -> dt.date:
    day = today(pool.organization.timezone)
    return day.replace(year=day.year - years, day=min(day.day, 28))


def typed(pool: Pool, years: int = 9, **fields: str) -> dict[str, str]:
    words = current_text(pool.organization, "telehealth").shown_as
    person = {"name": "Mia Lopez", "phone": "+1 312 555 0142", "email": "rosa@example.org"}
    said = {"birth_date": born(pool, years).isoformat(), "reason": "a rash", "agree": "on", "version": words}
    return {**person, **said, **fields}


def posted(pool: Pool, data: dict[str, str]) -> Any:
    return Client(headers={"host": "127.0.0.1"}).post(reverse("walk-in", args=[pool.door_token]), data)


def test_child_alone_is_asked_for_the_adult_who_comes_along(pool: Pool) -> None:
    answer = posted(pool, typed(pool))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "A child cannot agree to the visit alone." in body
    assert "I have the right to agree for them" in body
    for name in ("adult_name", "adult_birth_date", "adult_relationship", "adult_phone", "adult_agrees"):
        assert f'id="id_{name}"' in body
    assert not Patient.objects.exists()
    assert not Consent.objects.exists()


@pytest.mark.parametrize("missing", sorted(ADULT))
def test_each_word_about_the_adult_is_needed(pool: Pool, missing: str) -> None:
    answer = posted(pool, {**typed(pool), **ADULT, missing: ""})
    assert answer.status_code == 422
    assert not Encounter.objects.exists()


@pytest.mark.parametrize("wrong", [{"adult_birth_date": ""}, {"adult_relationship": "friend"}, {"adult_phone": "none"}])
def test_adult_who_is_none_agrees_to_nothing(pool: Pool, wrong: dict[str, str]) -> None:
    child = {"adult_birth_date": born(pool, 17).isoformat()}
    assert posted(pool, {**typed(pool), **ADULT, **child}).status_code == 422
    assert posted(pool, {**typed(pool), **ADULT, **wrong}).status_code == 422
    assert not Patient.objects.exists()


def test_adult_is_one_of_the_childs_people_and_the_yes_is_theirs_by_right(pool: Pool) -> None:
    assert posted(pool, {**typed(pool), **ADULT}).status_code == 302
    patient = Patient.objects.get()
    related = RelatedPerson.objects.get(patient=patient)
    assert (related.name, related.relationship, related.phone) == ("Rosa Lopez", "mother", "+1 312 555 0143")
    right = ConsentRight.objects.get(related=related)
    assert (right.purposes, right.basis, right.confirmed_by) == (["telehealth"], "child", None)
    assert right.seen == "Said so at the walk-in door. No papers were seen."
    [consent] = Consent.objects.all()
    assert (consent.person_type, consent.person_id, consent.right) == ("patient", patient.pk, right)
    assert (consent.given_by_type, consent.given_by_label) == ("guest", "Rosa Lopez")
    assert standing_consent(patient, "telehealth") == consent


def test_what_was_typed_at_the_door_is_for_that_visit_and_calls_nobody_in_an_emergency(pool: Pool) -> None:
    assert posted(pool, {**typed(pool), **ADULT}).status_code == 302
    visit = Encounter.objects.get()
    right = ConsentRight.objects.get()
    clinic = pool.organization
    assert right.ends_on == visit.appointment.ends_at.astimezone(ZoneInfo(clinic.timezone)).date()
    # Also of the known child, once the desk has said who this is.
    known = make.make_child(clinic)
    merge_patient(actor=make.staff_actor(Role.FRONT_DESK, organization=clinic), patient=visit.patient, into=known)
    assert standing_consent(known, "telehealth") is not None
    assert not emergency_contacts_of(known)
    with time_machine.travel(now() + dt.timedelta(days=2), tick=False):
        assert standing_consent(known, "telehealth") is None


def test_doctor_is_told_with_whom_the_child_came_and_the_child_fetches_nobody(pool: Pool) -> None:
    assert posted(pool, {**typed(pool), **ADULT}).status_code == 302
    visit = make.arrive(Encounter.objects.get())
    told = Company("Came with Rosa Lopez, who says she is the mother. No papers were seen.", False)
    assert company_of(visit) == told
    [row] = rows_of(list(on_boards(Encounter.objects.all())), pool.organization.timezone, now())
    assert row.company == told
    with override("es"):
        assert company_of(visit).words == "Vino con Rosa Lopez, que dice ser la madre. No se vieron documentos."
    child = make.patient_actor(visit.appointment)
    assert whom_to_fetch(child, visit) is None
    # Nobody may say so of somebody whose right was taken away: then the child is alone.
    withdraw_right(actor=make.SYSTEM, right=ConsentRight.objects.get())
    assert company_of(visit).alone
    assert whom_to_fetch(child, visit) is not None


def test_who_is_of_age_is_asked_for_nobody(pool: Pool) -> None:
    assert posted(pool, typed(pool, years=18)).status_code == 302
    assert not RelatedPerson.objects.exists()
    assert Consent.objects.get().right is None


def test_service_takes_no_child_without_an_adult_whoever_calls_it(pool: Pool) -> None:
    actor = replace(visitors.visitor(visitors.new_key()), organization_id=pool.organization_id)
    person = {
        "given_name": "Mia",
        "family_name": "Lopez",
        "birth_date": born(pool, 9),
        "phone": "1",
        "email": "a@b.org",
    }
    words = current_text(pool.organization, "telehealth").shown_as
    given: dict[str, Any] = {"actor": actor, "pool": pool, "person": person, "reason": "a rash", "text_version": words}
    with pytest.raises(Invalid) as refused:
        come_in(**given)
    assert refused.value.code == "walk_in.adult"
    assert not Patient.objects.exists()
    link = come_in(**given, adult=PersonSaid(name="Rosa Lopez", relationship="mother", phone="3125550143"))
    # Pressed once more it is the same place, and the same person.
    again = come_in(**given, adult=PersonSaid(name="Rosa Lopez", relationship="mother", phone="3125550143"))
    assert (again, RelatedPerson.objects.count()) == (link, 1)
