"""What every answer tells the browser: pages, refusals, redirects, health and static files alike."""

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import AsyncClient

from accounts.roles import Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PLACES = ["/", "/accounts/login/", "/nothing/here/", "/staff/queue/", "/healthz", "/static/css/tokens.css"]
CSP = {
    "default-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


@pytest.mark.parametrize("place", PLACES)
async def test_answer_carries_the_security_headers(place: str) -> None:
    headers = (await AsyncClient().get(place)).headers
    assert set(headers["Content-Security-Policy"].split("; ")) == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("place", [place for place in PLACES if not place.startswith("/static/")])
async def test_page_is_never_stored(place: str) -> None:
    assert "no-store" in (await AsyncClient().get(place)).headers["Cache-Control"]


async def test_static_file_may_be_stored_and_is_served_without_collecting() -> None:
    response = await AsyncClient().get("/static/css/tokens.css")
    assert response.status_code == 200
    assert "no-store" not in response.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("/staff/queue/", "(self)"),
        ("/v/2927ff21-d802-4026-9a68-48f8a7a1ef6c/", "(self)"),
        ("/", "()"),
        ("/accounts/login/", "()"),
    ],
)
async def test_camera_and_microphone_are_for_visit_pages_only(place: str, allowed: str) -> None:
    policy = (await AsyncClient().get(place)).headers["Permissions-Policy"]
    assert f"camera={allowed}" in policy
    assert f"microphone={allowed}" in policy
    assert "display-capture=()" in policy


async def test_answer_over_https_asks_for_https_for_a_year(settings: object) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000  # type: ignore[attr-defined]
    response = await AsyncClient().get("/accounts/login/", secure=True)
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.django_db(transaction=True)
async def test_page_of_staff_is_never_stored() -> None:
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(make_user)(None, Role.PRACTITIONER))
    response = await client.get("/staff/queue/")
    assert response.status_code in {200, 302}
    assert "no-store" in response.headers["Cache-Control"]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
