"""The house as an app on a device: its manifest, the worker that stands by, and the page without a connection."""

import json
import re
import struct
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import Organization
from accounts.roles import Role
from scheduling.models import BookingTerms
from telehealth.installed import colours, short
from tests.factories import make_organization, make_user

pytestmark = pytest.mark.django_db
SPANISH = {"HTTP_ACCEPT_LANGUAGE": "es-MX,es;q=0.9"}
TOKENS = Path(configured.BASE_DIR / "static/css/tokens.css").read_text()
ELSEWHERE = re.compile(r"<link[^>]+stylesheet|\ssrc=|url\(|@import|href=\"(?!data:|tel:)")


@pytest.fixture
def clinic() -> Organization:
    clinic = make_organization(name="Lantern Street Clinic", phone="555-0142", desk_hours="8 to 6")
    BookingTerms.objects.create(organization=clinic, place_kept_minutes=25)
    return clinic


def test_offline_page_tells_what_is_what_to_do_and_whom_to_call(clinic: Organization, client: Client) -> None:
    answer = client.get("/offline/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<h1>You are not connected</h1>" in page
    assert "Your place in line is kept for 25 minutes." in page
    assert "Lantern Street Clinic" in page
    assert 'href="tel:5550142"' in page
    assert page.count("<button") == 1
    assert 'class="art-door"' in page


def test_offline_page_speaks_the_readers_language(clinic: Organization, client: Client) -> None:
    answer = client.get("/offline/", **SPANISH)
    assert answer.headers["Content-Language"] == "es"
    assert '<html lang="es">' in answer.content.decode()
    assert "Su lugar en la fila se guarda 25 minutos." in answer.content.decode()
    assert client.get("/offline/").headers["Content-Language"] == "en-gb"


def test_offline_page_needs_nothing_else_and_runs_what_bears_its_nonce(clinic: Organization, client: Client) -> None:
    answer = client.get("/offline/")
    page, policy = answer.content.decode(), answer.headers["Content-Security-Policy"]
    [nonce] = set(re.findall(r'nonce="([^"]+)"', page))
    assert ELSEWHERE.findall(page) == []
    assert {f"style-src 'nonce-{nonce}'", f"script-src 'nonce-{nonce}'", "default-src 'none'"} < set(policy.split("; "))
    assert "unsafe" not in policy
    for what in ("style", "script"):
        assert len(re.findall(f"<{what}\\b", page)) == len(re.findall(f'<{what} nonce="', page)) > 0
        assert page.count(f"</{what}") == page.count(f"<{what} ")
    assert "--hc-petrol: #125463" in page
    # Each answer has a nonce of its own.
    assert nonce not in client.get("/offline/").content.decode()


def test_offline_page_is_the_same_whoever_asks(clinic: Organization, client: Client) -> None:
    def told() -> str:
        return re.sub(r'nonce="[^"]+"', "", client.get("/offline/").content.decode())

    nobodys = told()
    somebody = make_user(clinic, Role.PRACTITIONER)
    client.force_login(somebody)
    assert told() == nobodys
    assert somebody.name not in nobodys


@pytest.mark.parametrize("path", ["/offline/", "/manifest.webmanifest", "/worker.js"])
def test_house_without_a_clinic_answers_all_the_same(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 405


def test_one_worker_is_served_for_the_house_and_to_those_told_by_it(clinic: Organization, client: Client) -> None:
    house, links = client.get("/worker.js"), client.get("/v/push-worker.js")
    assert house.content == links.content
    for answer in (house, links):
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Service-Worker-Allowed" not in answer.headers
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert b"showNotification" in house.content
    assert b"/offline/" in house.content


def test_worker_changes_with_the_page_that_it_keeps_and_not_without(clinic: Organization, client: Client) -> None:
    before = client.get("/worker.js").content
    assert client.get("/worker.js", **SPANISH).content == before
    clinic.phone = "555-0143"
    clinic.save()
    after = client.get("/worker.js").content
    assert after != before
    assert after.splitlines()[1:] == before.splitlines()[1:]


def test_manifest_names_the_clinic_and_wears_its_colours(clinic: Organization, client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    about = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (about["name"], about["short_name"]) == ("Lantern Street Clinic", "Lantern")
    assert (about["id"], about["start_url"], about["scope"], about["display"]) == ("/", "/", "/", "standalone")
    assert (about["lang"], about["dir"]) == ("en", "ltr")
    assert json.loads(client.get("/manifest.webmanifest", **SPANISH).content)["lang"] == "es"
    light, dark = TOKENS.split('[data-bs-theme="dark"]', 1)
    assert f"--hc-paper: {about['theme_color']};" in light
    assert f"--hc-linen: {about['background_color']};" in light
    assert f"--hc-paper: {colours()['dark']['paper']};" in dark
    # What is not other in the dark is as in the light.
    assert colours()["dark"]["on-lamp"] == colours()["light"]["on-lamp"]


def test_icons_are_there_as_large_as_the_manifest_says(clinic: Organization, client: Client) -> None:
    icons = json.loads(client.get("/manifest.webmanifest").content)["icons"]
    assert [(icon["sizes"], icon["purpose"]) for icon in icons] == [
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    ]
    for icon in [*icons, {"src": "/static/art/icon-180.png", "sizes": "180x180"}]:
        head = Path(str(finders.find(icon["src"].removeprefix("/static/")))).read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert "{}x{}".format(*struct.unpack(">II", head[16:])) == icon["sizes"]


def test_page_names_manifest_icon_and_the_colours_of_both_themes(clinic: Organization, client: Client) -> None:
    page = client.get("/").content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">' in page
    assert '<link rel="apple-touch-icon" href="/static/art/icon-180.png">' in page
    for theme in ("light", "dark"):
        colour = colours()[theme]["paper"]
        assert f'<meta name="theme-color" media="(prefers-color-scheme: {theme})" content="{colour}">' in page


@pytest.mark.parametrize(
    ("name", "below"),
    [
        ("Oak House", "Oak House"),
        ("Dr Marlow and Partners", "Dr Marlow"),
        ("Gemeinschaftspraxis Nord", "Gemeinschaftspraxis"),
    ],
)
def test_name_below_the_icon_is_made_of_whole_words(name: str, below: str) -> None:
    assert short(name) == below
