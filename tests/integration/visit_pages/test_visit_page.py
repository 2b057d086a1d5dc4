"""The patient's visit page without a script: links, forms posted plainly, every state, and what its script reads."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import Consent, ConsentText, Purpose
from consent.selectors import current_text
from consent.services import give_consent
from consults.models import Encounter
from core.clock import now
from scheduling.links import COOKIE_NAME, path_of, secret_for
from scheduling.models import PersonalLink
from tests.factories import make_visit, make_visit_in_progress, make_waiting_visit, patient_actor

pytestmark = pytest.mark.django_db

JSON = {"accept": "application/json"}
PLACE = {"place": "12 Elm Row, Springfield", "callback_phone": "555-0171"}


def link_of(encounter: Encounter) -> PersonalLink:
    return PersonalLink.objects.get(appointment=encounter.appointment)


def address(encounter: Encounter, name: str = "visit") -> str:
    return reverse(name, kwargs={"link": link_of(encounter).uuid})


def opened(encounter: Encounter) -> Client:
    """A browser that has opened the personal link."""
    client = Client()
    answer = client.post(address(encounter, "visit-open"), {"secret": secret_for(link_of(encounter))})
    assert answer.status_code == 204
    return client


def agreed(encounter: Encounter) -> Encounter:
    text = current_text(encounter.organization, Purpose.TELEHEALTH, encounter.patient.language)
    give_consent(
        actor=patient_actor(encounter.appointment),
        patient=encounter.patient,
        purpose=Purpose.TELEHEALTH,
        text_version=text.version,
        about=encounter.uuid,
    )
    return encounter


def shown_step(body: str) -> list[str]:
    """The steps that are not hidden in what the server sent."""
    sections = [part.split(">", 1)[0] for part in body.split("data-step=")[1:]]
    return [part.split('"')[1] for part in sections if " hidden" not in part]


def test_visit_page_without_session_shows_nothing_of_the_visit(client: Client) -> None:
    encounter = make_visit()
    body = client.get(address(encounter)).content.decode()
    assert "data-open-form" in body
    assert encounter.patient.given_name not in body
    assert encounter.practitioner.family_name not in body


def test_visit_page_of_an_absent_link_is_the_same_page(client: Client) -> None:
    encounter = make_visit()
    there = client.get(address(encounter)).content.decode()
    absent = client.get("/v/0b5f8d3e-5c3b-4a52-9d5b-0f2d1c9e7a11/").content.decode()
    assert there.count("data-open") == absent.count("data-open")


def test_visit_page_of_a_wrong_link_has_the_ways_out_of_an_absent_page(client: Client) -> None:
    encounter = make_visit()
    for body in (client.get(address(encounter)).content.decode(), client.get("/no/").content.decode()):
        assert "Call the front desk" in body
        assert encounter.organization.phone in body
        assert encounter.organization.desk_hours in body
        assert "Go to the first page" in body


def test_open_visit_by_get_makes_no_session(client: Client) -> None:
    assert client.get(address(make_visit(), "visit-open")).status_code == 405
    assert COOKIE_NAME not in client.cookies


def test_open_visit_with_secret_sets_cookie_for_that_path_only() -> None:
    encounter = make_visit()
    cookie = opened(encounter).cookies[COOKIE_NAME]
    assert cookie["path"] == path_of(link_of(encounter))
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_open_visit_with_wrong_secret_is_not_found(client: Client) -> None:
    answer = client.post(address(make_visit(), "visit-open"), {"secret": "no"}, headers=JSON)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    assert COOKIE_NAME not in client.cookies


def test_visit_page_with_session_shows_the_door() -> None:
    encounter = make_visit()
    answer = opened(encounter).get(address(encounter))
    assert shown_step(answer.content.decode()) == ["door"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert encounter.patient.given_name not in answer.content.decode().split("</title>")[0]


def test_visit_page_is_early_before_the_door_opens() -> None:
    starts_at = now() + dt.timedelta(hours=2)
    encounter = make_visit(starts_at=starts_at)
    assert shown_step(opened(encounter).get(address(encounter)).content.decode()) == ["early"]


def test_consent_posted_without_tick_shows_the_error_beside_the_box() -> None:
    encounter = make_visit()
    answer = opened(encounter).post(address(encounter, "visit-consent"), {"version": "x"})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert shown_step(body) == ["consent"]
    assert 'aria-invalid="true"' in body
    assert not Consent.objects.exists()


def test_consent_posted_plainly_leads_to_the_place() -> None:
    encounter = make_visit()
    client = opened(encounter)
    version = current_text(encounter.organization, Purpose.TELEHEALTH, "en").version
    answer = client.post(address(encounter, "visit-consent"), {"agree": "on", "version": version}, follow=True)
    assert shown_step(answer.content.decode()) == ["place"]
    assert Consent.objects.count() == 1


def test_consent_step_is_skipped_where_it_stands() -> None:
    first = agreed(make_visit())
    later = now() + dt.timedelta(minutes=40)
    encounter = make_visit(patient=first.patient, practitioner=first.practitioner, starts_at=later)
    # Its door opens later on; this page counts the same.
    body = opened(encounter).get(address(encounter), {"step": "consent"}).content.decode()
    assert "Step 1 of 2" in body
    assert "Step 2 of 2" in body


def test_steps_are_as_many_after_consent_was_given_at_this_door() -> None:
    encounter = agreed(make_visit())
    body = opened(encounter).get(address(encounter), {"step": "consent"}).content.decode()
    assert shown_step(body) == ["place"]
    assert "Step 1 of 3" in body
    assert "Step 3 of 3" in body


def test_consent_whose_full_text_says_no_more_shows_its_version_only() -> None:
    encounter = make_visit()
    body = opened(encounter).get(address(encounter), {"step": "consent"}).content.decode()
    assert f"{encounter.practitioner.short_name} cannot examine you by hand" in body
    assert "version of" in body
    assert "Read the full text" not in body
    assert "{doctor}" not in body


def test_consent_with_a_longer_full_text_shows_it_with_the_name_of_the_doctor() -> None:
    encounter = make_visit()
    text = current_text(encounter.organization, Purpose.TELEHEALTH, encounter.patient.language)
    ConsentText.objects.create(
        purpose=text.purpose,
        version="next",
        language=text.language,
        title=text.title,
        body="We keep what {doctor} writes.",
        published_on=text.published_on + dt.timedelta(days=1),
    )
    body = opened(encounter).get(address(encounter), {"step": "consent"}).content.decode()
    assert f"We keep what {encounter.practitioner.short_name} writes." in body
    assert "Read the full text" in body


def test_consent_on_a_page_in_spanish_is_read_and_kept_in_spanish() -> None:
    encounter = make_visit()
    browser = opened(encounter)
    browser.cookies["hc_language"] = "es"
    text = current_text(encounter.organization, Purpose.TELEHEALTH, "es")
    body = browser.get(address(encounter), {"step": "consent"}).content.decode()
    assert f'name="version" value="{text.version}/es"' in body
    assert f"{encounter.practitioner.short_name} no puede" in body
    browser.post(address(encounter, "visit-consent"), {"agree": "on", "version": text.shown_as})
    assert Consent.objects.get().text == text


def test_place_step_without_consent_asks_for_consent_first() -> None:
    encounter = make_visit()
    assert shown_step(opened(encounter).get(address(encounter), {"step": "place"}).content.decode()) == ["consent"]


def test_place_posted_plainly_leads_into_the_waiting_room() -> None:
    encounter = agreed(make_visit())
    answer = opened(encounter).post(address(encounter, "visit-place"), PLACE, follow=True)
    assert shown_step(answer.content.decode()) == ["waiting"]
    encounter.refresh_from_db()
    assert (encounter.status, encounter.place) == ("arrived", PLACE["place"])


def test_place_without_consent_is_refused_and_nobody_waits() -> None:
    encounter = make_visit()
    answer = opened(encounter).post(address(encounter, "visit-place"), PLACE, headers=JSON)
    encounter.refresh_from_db()
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "consent.missing")
    assert encounter.status == "planned"


@pytest.mark.parametrize(
    ("change", "field"), [({"place": " "}, "place"), ({"callback_phone": "call me"}, "callback_phone")]
)
def test_place_that_cannot_be_used_names_the_field_and_keeps_what_was_typed(change: dict[str, str], field: str) -> None:
    encounter = agreed(make_visit())
    client = opened(encounter)
    told = client.post(address(encounter, "visit-place"), {**PLACE, **change}, headers=JSON)
    assert (told.status_code, list(told.json()["error"]["fields"])) == (422, [field])
    shown = client.post(address(encounter, "visit-place"), {**PLACE, **change}).content.decode()
    assert all(value.strip() in shown for value in {**PLACE, **change}.values())


def test_place_is_filled_in_from_last_time() -> None:
    first = make_waiting_visit()
    opened(first).post(address(first, "visit-place"), {**PLACE, "place": "At my sister's, Oak Park"})
    later = now() + dt.timedelta(minutes=40)
    second = make_visit(patient=first.patient, practitioner=first.practitioner, starts_at=later)
    assert "At my sister&#x27;s, Oak Park" in opened(second).get(address(second)).content.decode()


def test_leave_the_waiting_room_opens_the_door_again() -> None:
    encounter = make_waiting_visit()
    answer = opened(encounter).post(address(encounter, "visit-leave"), follow=True)
    assert shown_step(answer.content.decode()) == ["door"]


def test_cancel_asks_first_and_then_cancels() -> None:
    encounter = make_visit()
    client = opened(encounter)
    assert "Cancel this visit?" in client.get(address(encounter, "visit-cancel")).content.decode()
    encounter.refresh_from_db()
    assert encounter.status == "planned"
    answer = client.post(address(encounter, "visit-cancel"), follow=True)
    assert shown_step(answer.content.decode()) == ["cancelled"]


def test_cancel_of_a_visit_that_has_begun_is_refused() -> None:
    encounter = make_visit_in_progress()
    client = opened(encounter)
    assert client.get(address(encounter, "visit-cancel")).status_code == 302
    assert client.post(address(encounter, "visit-cancel"), headers=JSON).status_code == 409


def test_visit_in_progress_shows_the_call_and_tells_its_state() -> None:
    encounter = make_visit_in_progress()
    client = opened(encounter)
    assert shown_step(client.get(address(encounter)).content.decode()) == ["call"]
    assert client.get(address(encounter), headers=JSON).json()["state"] == "call"


@pytest.mark.parametrize("name", ["visit-consent", "visit-place", "visit-leave", "visit-cancel"])
def test_forms_with_the_session_of_another_link_are_not_found(name: str, client: Client) -> None:
    own, other = make_visit(), make_visit()
    session: Any = opened(own).cookies[COOKIE_NAME].value
    client.cookies[COOKIE_NAME] = session
    data = {**PLACE, "agree": "on", "version": current_text(own.organization, Purpose.TELEHEALTH, "en").version}
    assert client.post(address(other, name), data, headers=JSON).status_code == 404
    other.refresh_from_db()
    assert other.status == "planned"
