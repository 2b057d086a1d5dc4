"""Who acts on a request and on a socket: by session, by path, or nobody."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import actors
from accounts.actors import ANONYMOUS, Actor, actor_for_scope, actor_for_user, session_digest
from accounts.roles import Role
from accounts.tasks import clear_expired_sessions
from core.clock import now
from tests.factories import make_organization, make_patient, make_practitioner, make_user

pytestmark = pytest.mark.django_db


def scope_of(client: Client, path: str = "/staff/queue/1/ws") -> dict[str, Any]:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return {"type": "websocket", "path": path, "headers": [(b"cookie", cookies.encode())]}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def a_path(monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix whose resolver makes an actor of the cookie `who`."""
    monkeypatch.setattr(actors, "_path_resolvers", {})

    def resolve(path: str, cookies: Mapping[str, str]) -> Actor:
        who = cookies.get("who", "")
        return Actor("patient", 7, who, 1, frozenset({Role.PATIENT}), "link") if who else ANONYMOUS

    actors.register_path_actor("/by-link/", resolve)
    return "/by-link/1/ws"


def test_actor_of_a_user_carries_role_clinic_and_person() -> None:
    practitioner = make_practitioner()
    actor = actor_for_user(practitioner.user, "key")
    assert (actor.type, actor.id, actor.user_id) == ("user", practitioner.user_id, practitioner.user_id)
    assert actor.organization_id == practitioner.organization_id
    assert actor.practitioner_id == practitioner.pk
    assert actor.patient_id is None
    assert actor.roles == {Role.PRACTITIONER}
    assert actor.is_staff


def test_actor_never_carries_the_key_of_the_session() -> None:
    actor = actor_for_user(make_user(), "the-key")
    assert actor.session == session_digest("the-key")
    assert "the-key" not in repr(actor)


def test_actor_of_a_patient_with_an_account_is_that_patient_and_no_staff() -> None:
    clinic = make_organization()
    user = make_user(clinic, Role.PATIENT)
    patient = make_patient(clinic, user=user)
    actor = actor_for_user(user, "key")
    assert (actor.patient_id, actor.practitioner_id, actor.is_staff) == (patient.pk, None, False)


@pytest.mark.parametrize("field", [{"is_active": False}, {"organization": None}])
def test_actor_of_a_user_without_access_is_nobody(field: dict[str, Any]) -> None:
    user = make_user(None, Role.ADMINISTRATOR)
    assert actor_for_user(user, "key") != ANONYMOUS
    for name, value in field.items():
        setattr(user, name, value)
    assert actor_for_user(user, "key") == ANONYMOUS


def test_role_of_another_clinic_counts_for_nothing() -> None:
    user = make_user(None, Role.FRONT_DESK)
    user.organization = make_organization()
    assert actor_for_user(user, "key").roles == frozenset()


def test_socket_with_a_session_has_its_actor_and_without_has_none() -> None:
    user = make_user(None, Role.FRONT_DESK)
    assert actor_for_scope(scope_of(signed_in(user))).user_id == user.pk
    assert actor_for_scope(scope_of(Client())) == ANONYMOUS
    assert (
        actor_for_scope({"type": "websocket", "path": "/", "headers": [(b"cookie", b"hc_session=nonsense")]})
        == ANONYMOUS
    )


def test_socket_after_sign_out_disabling_or_a_new_password_has_no_actor() -> None:
    user = make_user(None, Role.FRONT_DESK)
    client = signed_in(user)
    scope = scope_of(client)
    assert actor_for_scope(scope) != ANONYMOUS
    user.set_password("quite another pass phrase")
    user.save()
    assert actor_for_scope(scope) == ANONYMOUS
    client = signed_in(user)
    scope = scope_of(client)
    user.is_active = False
    user.save()
    assert actor_for_scope(scope) == ANONYMOUS
    user.is_active = True
    user.save()
    scope = scope_of(signed_in(user))
    Session.objects.all().delete()
    assert actor_for_scope(scope) == ANONYMOUS


def test_path_actor_ignores_the_staff_session(a_path: str) -> None:
    client = signed_in(make_user(None, Role.ADMINISTRATOR))
    assert actor_for_scope(scope_of(client, a_path)) == ANONYMOUS
    client.cookies["who"] = "Kit"
    assert actor_for_scope(scope_of(client, a_path)).label == "Kit"
    assert actor_for_scope(scope_of(client)).roles == {Role.ADMINISTRATOR}


def test_session_left_idle_ends_and_used_goes_on() -> None:
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    with time_machine.travel(now(), tick=False) as clock:
        used, left = (scope_of(signed_in(make_user(None, Role.FRONT_DESK))) for _ in range(2))
        for _ in range(4):
            clock.shift(idle * 0.6)
            assert actor_for_scope(used) != ANONYMOUS
        assert actor_for_scope(left) == ANONYMOUS


def test_session_in_use_ends_at_the_absolute_limit() -> None:
    step = timedelta(seconds=settings.SESSION_COOKIE_AGE * 0.9)
    with time_machine.travel(now(), tick=False) as clock:
        scope = scope_of(signed_in(make_user(None, Role.FRONT_DESK)))
        began = now()
        while now() + step < began + timedelta(seconds=settings.SESSION_ABSOLUTE_AGE):
            clock.shift(step)
            assert actor_for_scope(scope) != ANONYMOUS
        clock.shift(step)
        assert actor_for_scope(scope) == ANONYMOUS


def test_requests_count_as_activity_at_most_once_a_minute() -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client = signed_in(make_user(None, Role.FRONT_DESK))
        ends_at = Session.objects.get().expire_date
        clock.shift(timedelta(seconds=30))
        client.get("/")
        assert Session.objects.get().expire_date == ends_at
        clock.shift(timedelta(seconds=45))
        client.get("/")
        assert Session.objects.get().expire_date == ends_at + timedelta(seconds=75)


def test_clear_expired_sessions_deletes_the_ended_and_keeps_the_living() -> None:
    with time_machine.travel(now(), tick=False) as clock:
        signed_in(make_user())
        clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))
        signed_in(make_user())
        clear_expired_sessions()
        assert Session.objects.get().expire_date > now()
