"""Redis is away: limits are still counted, and people still sign in."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.roles import Role
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def redis_away(settings: Any) -> Iterator[None]:
    with socket.socket() as taken:  # so that nobody can listen there meanwhile
        taken.bind(("127.0.0.1", 0))
        nowhere = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        settings.CACHES = {"default": {"BACKEND": "telehealth.caches.EnduringRedisCache", "LOCATION": nowhere}}
        yield


def test_counter_goes_on_in_this_process() -> None:
    assert cache.add("tries", 0)
    assert [cache.incr("tries") for _ in range(3)] == [1, 2, 3]
    assert not cache.add("tries", 0)
    assert cache.get("tries") == 3
    cache.delete("tries")
    assert "tries" not in cache


def test_sign_in_works_and_wrong_passwords_are_limited(client: Client) -> None:
    user = make_user(None, Role.FRONT_DESK)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    other = Client()
    for _ in range(5):
        other.post("/accounts/login/", {"login": user.email, "password": "a wrong pass phrase"})
    other.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "_auth_user_id" not in other.session
