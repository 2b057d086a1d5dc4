"""Signing in by password or emailed code: the right people get in, and nobody learns who has an account."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEvent
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

LOGIN, CODE = "/accounts/login/", "/accounts/login/code/"
NEW_PASSWORD = "another horse, another battery"
CONFIRM, RESET = "/accounts/login/code/confirm/", "/accounts/password/reset/"


@pytest.fixture
def user() -> User:
    return make_user(None, Role.FRONT_DESK, email="known@example.org")


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def without_tokens(response: HttpResponse, address: str) -> tuple[int, str, str]:
    """What an onlooker can tell two answers apart by, less what they typed themselves."""
    body = response.content.decode().replace(address, "…")
    return response.status_code, response.headers.get("Location", ""), re.sub(r'value="[\w-]{40,}"', "", body)


def test_sign_in_with_the_password_goes_to_the_queue_and_is_audited(client: Client, user: User) -> None:
    response = client.post(LOGIN, {"login": "Known@Example.org", "password": PASSWORD})
    assert (response.status_code, response.headers["Location"]) == (302, reverse("queue"))
    assert is_signed_in(client)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.outcome, event.actor_id) == ("session.start", "success", user.pk)


def test_sign_in_with_a_wrong_password_is_refused_and_audited(client: Client, user: User) -> None:
    response = client.post(LOGIN, {"login": user.email, "password": "wrong" + PASSWORD})
    assert response.status_code == 200
    assert not is_signed_in(client)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.outcome, event.actor_type) == ("session.start", "refused", "anonymous")
    assert user.email not in str(event.__dict__)


def test_sign_in_by_emailed_code_works_once(client: Client, user: User) -> None:
    client.post(CODE, {"email": user.email})
    [message] = mail.outbox
    [code] = re.findall(r"^\s*(\d{6})\s*$", message.body, re.MULTILINE)
    assert code not in message.subject
    client.post(CONFIRM, {"code": code})
    assert is_signed_in(client)
    other = Client()
    other.post(CODE, {"email": user.email})
    other.post(CONFIRM, {"code": code})
    assert not is_signed_in(other)


def test_sign_in_by_a_wrong_code_ends_after_three_tries(client: Client, user: User) -> None:
    client.post(CODE, {"email": user.email})
    [code] = re.findall(r"^\s*(\d{6})\s*$", mail.outbox[0].body, re.MULTILINE)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(3):
        client.post(CONFIRM, {"code": wrong})
    client.post(CONFIRM, {"code": code})
    assert not is_signed_in(client)


def test_sign_in_by_a_wrong_code_is_audited_alike_for_known_and_unknown_addresses(user: User) -> None:
    for email in (user.email, "other@example.org"):
        client, before = Client(), AuditEvent.objects.count()
        client.post(CODE, {"email": email})
        client.post(CONFIRM, {"code": "no code"})
        assert AuditEvent.objects.count() == before + 1
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.outcome, event.actor_type) == ("session.start", "refused", "anonymous")
        assert not {email, "no code"} & set(map(str, event.__dict__.values()))


@pytest.mark.parametrize(
    ("address", "form"),
    [
        (LOGIN, {"login": "{}", "password": "not the right pass phrase"}),
        (CODE, {"email": "{}"}),
        (RESET, {"email": "{}"}),
    ],
    ids=["password", "code", "reset"],
)
def test_answer_to_a_known_and_an_unknown_address_is_the_same(user: User, address: str, form: dict[str, str]) -> None:
    answers = []
    for email in (user.email, "other@example.org"):
        client = Client()
        response = client.post(address, {name: value.format(email) for name, value in form.items()})
        answers.append(without_tokens(response, email))
        if response.status_code == 302:
            answers[-1] += without_tokens(client.get(response.headers["Location"]), email)
    assert answers[0] == answers[1]


def test_mail_to_an_unknown_address_is_not_sent(client: Client, user: User) -> None:
    client.post(CODE, {"email": "other@example.org"})
    client.post(RESET, {"email": "other@example.org"})
    assert mail.outbox == []


def test_sixth_wrong_password_for_an_address_is_not_even_tried(client: Client, user: User) -> None:
    for number in range(5):
        client.post(LOGIN, {"login": user.email, "password": f"wrong pass phrase {number}"})
    for forged in ("", "203.0.113.9", "203.0.113.10, 127.0.0.1"):
        response = client.post(LOGIN, {"login": user.email, "password": PASSWORD}, headers={"x-forwarded-for": forged})
        assert response.status_code == 200
        assert not is_signed_in(client)
    assert AuditEvent.objects.filter(action="session.start", outcome="refused").count() == 5


def test_sign_in_of_a_disabled_user_is_refused(client: Client, user: User) -> None:
    user.is_active = False
    user.save()
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert not is_signed_in(client)
    client.post(CODE, {"email": user.email})
    codes = re.findall(r"^\s*(\d{6})\s*$", mail.outbox[0].body, re.MULTILINE) if mail.outbox else ["000000"]
    client.post(CONFIRM, {"code": codes[0]})
    assert not is_signed_in(client)


def test_changed_password_is_audited_once_without_it(client: Client, user: User) -> None:
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post("/accounts/password/change/", form)
    event = AuditEvent.objects.get(action="user.password")
    assert (event.actor_id, event.entity_id, event.outcome) == (user.pk, str(user.pk), "success")
    assert event.session
    assert NEW_PASSWORD not in str(event.__dict__)


def test_password_reset_by_code_is_audited(client: Client, user: User) -> None:
    client.post(RESET, {"email": user.email})
    [code] = re.findall(r"^\s*(\d{6})\s*$", mail.outbox[0].body, re.MULTILINE)
    client.post("/accounts/password/reset/confirm/", {"code": code})
    client.post("/accounts/password/reset/complete/", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert AuditEvent.objects.get(action="user.password").entity_id == str(user.pk)


@pytest.mark.parametrize("key", ['"\\000' + "a" * 31 + '"', "a" * 31, "a" * 5000, "A" * 32, "'" + "a" * 31])
def test_cookie_that_no_session_can_have_is_not_looked_up(client: Client, key: str) -> None:
    sessions = "django_session"
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/accounts/login/", headers={"cookie": f"hc_session={key}"})
    assert response.status_code == 200
    assert not [query for query in queries if sessions in query["sql"]]


def test_sign_up_is_closed(client: Client) -> None:
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert client.get("/accounts/signup/").status_code == 200
    client.post("/accounts/signup/", form)
    assert not User.objects.filter(email="new@example.org").exists()


def test_sign_out_by_post_ends_the_session_and_by_get_does_not(client: Client, user: User) -> None:
    client.force_login(user)
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    response = client.post("/accounts/logout/")
    assert not is_signed_in(client)
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert AuditEvent.objects.latest("pk").action == "session.end"


def test_session_key_changes_at_sign_in(client: Client, user: User) -> None:
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert is_signed_in(client)
    assert client.session.session_key != before
    cookie = client.cookies["hc_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]


@pytest.mark.parametrize("page", ["email/", "confirm-email/", "social/", "2fa/", "password/set/"])
def test_page_of_allauth_that_is_not_offered_does_not_exist(client: Client, user: User, page: str) -> None:
    client.force_login(user)
    assert client.get(f"/accounts/{page}").status_code == 404


def test_next_address_of_another_site_is_not_followed(client: Client, user: User) -> None:
    response = client.post(f"{LOGIN}?next=https://evil.example/", {"login": user.email, "password": PASSWORD})
    assert response.headers["Location"] == reverse("queue")
