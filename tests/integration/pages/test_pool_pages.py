"""The administrators' pages of shared lines, and the boards on which they appear."""

import pytest
from django.test import Client

from accounts.models import Practitioner
from accounts.roles import Role
from consults import services as consults
from consults.models import Pool
from consults.services.queues import stand_in_pool
from scheduling.links import COOKIE_NAME, session_cookie_for
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def practitioner() -> Practitioner:
    return make.make_practitioner()


@pytest.fixture
def browser(practitioner: Practitioner, client: Client) -> Client:
    client.force_login(make.make_user(practitioner.organization, Role.ADMINISTRATOR))
    return client


def typed(*members: Practitioner, **fields: str) -> dict[str, object]:
    return {
        "name": "Walk-in",
        "members": [str(one.uuid) for one in members],
        "most_waiting": "5",
        "visit_minutes": "10",
        "opens_0": "08:00",
        "closes_0": "00:00",
        "takes_walk_ins": "on",
        "is_active": "on",
        **fields,
    }


def test_line_is_made_listed_and_changed(browser: Client, practitioner: Practitioner) -> None:
    assert browser.post("/staff/lines/new/", typed(practitioner)).status_code == 302
    pool = Pool.objects.get()
    assert [(row.weekday, row.opens, row.closes) for row in pool.hours.all()] == [(0, 480, 1440)]
    listed = browser.get("/staff/lines/").content.decode()
    assert pool.name in listed
    assert practitioner.display_name in listed
    page = browser.get(f"/staff/lines/{pool.uuid}/").content.decode()
    assert 'value="08:00"' in page
    changed = typed(practitioner, name="Nurses", opens_0="", closes_0="", opens_3="10:00", closes_3="11:30")
    assert browser.post(f"/staff/lines/{pool.uuid}/", changed).status_code == 302
    pool.refresh_from_db()
    assert (pool.name, [row.weekday for row in pool.hours.all()]) == ("Nurses", [3])
    token = pool.door_token
    assert browser.post(f"/staff/lines/{pool.uuid}/door/").status_code == 302
    assert Pool.objects.get().door_token != token


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"closes_0": ""}, "Enter both times"),
        ({"closes_0": "07:00"}, "closes after it opens"),
        ({"most_waiting": "0"}, "Enter a number from 1"),
        ({"visit_minutes": "many"}, "Enter a whole number"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    browser: Client, practitioner: Practitioner, wrong: dict[str, str], words: str
) -> None:
    answer = browser.post("/staff/lines/new/", typed(practitioner, **wrong))
    assert answer.status_code in {409, 422}
    assert words in answer.content.decode()
    assert not Pool.objects.exists()


def test_boards_name_the_line_and_the_desk_sees_it_in_the_list(browser: Client, practitioner: Practitioner) -> None:
    pool = make.make_pool(practitioner, name="Walk-in today")
    visit = make.make_visit(practitioner=practitioner)
    stand_in_pool(make.SYSTEM, visit, pool)
    make.arrive(visit)
    assert "Walk-in today" in browser.get("/staff/queue/").content.decode()
    assert visit.patient.full_name in browser.get(f"/staff/queue/{pool.queue.uuid}/").content.decode()
    browser.force_login(practitioner.user)
    board = browser.get("/staff/queue/").content.decode()
    assert "In the line Walk-in today." in board
    assert f"/staff/queue/{practitioner.queue.uuid}/next/" in board


def test_call_next_opens_the_call_and_says_if_it_is_another_than_named(client: Client) -> None:
    visit = make.make_waiting_visit()
    client.force_login(visit.practitioner.user)
    stranger = make.make_visit(organization=visit.organization)
    path = f"/staff/queue/{visit.queue.uuid}/next/"
    answer = client.post(path, {"named": str(stranger.uuid)}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/staff/visits/{visit.uuid}/"
    assert f"This is {visit.patient.full_name}, who was next." in answer.content.decode()
    refused = client.post(path, follow=True)
    assert "Nobody is there to be called in now." in refused.content.decode()


def test_visit_is_passed_on_from_its_call_page_and_its_row(client: Client) -> None:
    visit = make.make_visit_in_progress()
    colleague = make.make_practitioner(visit.organization)
    pool = make.make_pool(colleague, name="Nurses")
    client.force_login(visit.practitioner.user)
    page = client.get(f"/staff/visits/{visit.uuid}/").content.decode()
    assert f'value="line:{pool.uuid}"' in page
    assert f'value="person:{colleague.uuid}"' in page
    path = f"/staff/queue/visits/{visit.uuid}/pass-on/"
    assert client.post(path, {"to": ""}, HTTP_ACCEPT="application/json").json()["error"]["code"] == "pass_on.to"
    assert client.post(path, {"to": f"line:{pool.uuid}", "why": "Weigh first"}).status_code == 302
    client.force_login(colleague.user)
    row = client.get(f"/staff/queue/visits/{visit.uuid}/").content.decode()
    assert "Weigh first" in row
    assert "Pass on" in row
    answer = client.post(path, {"to": f"person:{visit.practitioner.uuid}"}, HTTP_ACCEPT="application/json")
    assert answer.json()["said"].endswith(f"waits in the line of {visit.practitioner}.")


def test_patient_reads_who_passed_them_on(client: Client) -> None:
    visit = make.make_visit_in_progress()
    colleague = make.make_practitioner(visit.organization)
    consults.pass_on(
        actor=make.practitioner_actor(visit.practitioner), encounter=visit, to=make.make_pool(colleague, name="Nurses")
    )
    link = visit.appointment.links.get(guest=None)
    client.cookies[COOKIE_NAME] = session_cookie_for(link)
    page = client.get(f"/v/{link.uuid}/").content.decode()
    assert f"{visit.practitioner.short_name} has passed you on to Nurses." in page
    assert "Whoever is free in the line “Nurses” calls you in" in page
