"""How refusals look: one page or one JSON per error, and absent looks the same as not yours."""

import re

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.policy import PUBLIC, declare_route, guarded
from accounts.roles import Role
from core.errors import Conflict, NotFound
from core.ids import new_uuid
from telehealth import urls as house
from tests.factories import PASSWORD, make_organization, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

RAISED: dict[str, Exception] = {
    "conflict": Conflict("That time is taken.", code="slot.taken"),
    "not-found": NotFound(),
    "http404": Http404("a patient's name"),
    "denied": PermissionDenied("a patient's name"),
    "suspicious": SuspiciousOperation("a patient's name"),
    "database-away": OperationalError("a patient's name"),
    "broken": ZeroDivisionError("a patient's name"),
}


def raises(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]


async def raises_async(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open to all")


@guarded("accounts.user.create")
def for_administrators(request: HttpRequest) -> HttpResponse:
    return HttpResponse("come in")


declare_route("test-raises", PUBLIC)
declare_route("test-raises-async", PUBLIC)
urlpatterns = [
    path("raises/<str:name>/", raises, name="test-raises"),
    path("raises-async/<str:name>/", raises_async, name="test-raises-async"),
    path("undeclared/", undeclared, name="test-undeclared"),
    path("administrators/", for_administrators, name="test-administrators"),
    *house.urlpatterns,
]
handler400, handler403, handler404, handler500 = house.handler400, house.handler403, house.handler404, house.handler500


@pytest.fixture
def visitor() -> Client:
    make_organization()
    return Client(raise_request_exception=False)


def body(response: HttpResponse) -> str:
    return re.sub(r'value="[\w-]{40,}"', "", response.content.decode())


@pytest.mark.parametrize("view", ["raises", "raises-async"])
@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("conflict", 409, "slot.taken"),
        ("not-found", 404, "not_found"),
        ("http404", 404, "not_found"),
        ("denied", 403, "refused"),
        ("suspicious", 400, "invalid"),
        ("broken", 500, "server_error"),
        ("database-away", 503, "unavailable"),
    ],
)
def test_error_is_a_page_for_people_and_json_for_scripts(
    visitor: Client, view: str, name: str, status: int, code: str
) -> None:
    page = visitor.get(f"/{view}/{name}/")
    assert (page.status_code, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "a patient" not in page.content.decode()
    answer = visitor.get(f"/{view}/{name}/", headers={"accept": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"].endswith(".")
    assert "a patient" not in answer.content.decode()


def test_error_page_says_the_sentence_of_the_error(visitor: Client) -> None:
    assert "That time is taken." in visitor.get("/raises/conflict/").content.decode()


def test_not_yours_and_absent_and_undeclared_have_the_same_body(visitor: Client) -> None:
    visitor.force_login(make_user(None, Role.PRIVACY_OFFICER))
    addresses = ["/administrators/", "/raises/not-found/", "/raises/http404/", "/undeclared/", "/nothing/", "/no/where"]
    answers = [visitor.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {404}
    assert len({body(answer) for answer in answers}) == 1
    as_json = [visitor.get(address, headers={"accept": "application/json"}) for address in addresses]
    assert {answer.content for answer in as_json} == {as_json[0].content}
    assert as_json[0].json() == {"error": NotFound().as_dict()}


def test_address_without_its_last_slash_leads_to_the_page(visitor: Client) -> None:
    answer = visitor.get("/accounts/login?next=/staff/queue/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/accounts/login/?next=/staff/queue/")
    assert visitor.post("/accounts/login").status_code == 404


def test_guarded_page_lets_the_role_in(visitor: Client) -> None:
    visitor.force_login(make_user(None, Role.ADMINISTRATOR))
    assert visitor.get("/administrators/").content == b"come in"


def test_guarded_page_sends_a_stranger_to_sign_in_and_back(visitor: Client) -> None:
    answer = visitor.get("/administrators/?day=today")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/code/?next=/administrators/%3Fday%3Dtoday"
    assert visitor.get("/administrators/", headers={"accept": "application/json"}).status_code == 404


def test_guarded_page_does_not_send_a_user_without_clinic_in_circles(visitor: Client) -> None:
    user = make_user()
    user.organization = None
    user.save()
    visitor.force_login(user)
    assert visitor.get("/administrators/").status_code == 404


def test_form_without_its_token_is_refused_in_plain_words() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/accounts/login/", {"login": "a@example.org", "password": "x"})
    assert answer.status_code == 403
    assert "Go back, load that page again, then send the form once more." in answer.content.decode()
    answer = client.post("/accounts/login/", headers={"accept": "application/json"})
    assert answer.json()["error"]["code"] == "stale_form"


def test_form_older_than_a_sign_in_in_another_tab_is_told_the_token_to_repeat_it_with() -> None:
    client, user = Client(enforce_csrf_checks=True), make_user(None, Role.FRONT_DESK)
    client.get("/accounts/login/")
    stale = client.cookies["hc_csrf"].value
    signing_in = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": stale}
    assert client.post("/accounts/login/", signing_in).status_code == 302

    opening, scripted = f"/v/{new_uuid()}/open/", {"accept": "application/json"}
    refused = client.post(opening, {"secret": "wrong", "csrfmiddlewaretoken": stale}, headers=scripted)
    assert refused.status_code == 403
    token = refused.json()["error"]["token"]
    answer = client.post(opening, {"secret": "wrong", "csrfmiddlewaretoken": token}, headers=scripted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8000.evil.example", "garbage"])
def test_form_from_another_origin_is_refused(origin: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    form = {"login": "a@example.org", "password": "x", "csrfmiddlewaretoken": client.cookies["hc_csrf"].value}
    assert client.post("/accounts/login/", form, headers={"origin": origin}).status_code == 403
    assert client.post("/accounts/login/", form, headers={"origin": "http://127.0.0.1:8000"}).status_code == 200


def test_foreign_host_is_refused_and_mails_nobody(visitor: Client, mailoutbox: list[object]) -> None:
    assert visitor.get("/", headers={"host": "evil.example"}).status_code == 400
    assert mailoutbox == []
