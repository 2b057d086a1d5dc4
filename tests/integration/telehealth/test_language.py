"""The language of pages, scripts and sockets: chosen, asked for by the browser, or on file."""

import pytest
from django.test import Client
from django.urls import reverse

from scheduling.links import secret_for
from telehealth.language import words_version
from tests.factories import make_patient, make_visit

SPANISH = {"HTTP_ACCEPT_LANGUAGE": "es-MX,es;q=0.9,en;q=0.5"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("es-MX,es;q=0.9", "es"), ("en-US", "en"), ("fr, es;q=0.5", "es"), ("tlh", "en"), ("", "en"), ("es" * 4000, "en")],
)
def test_page_speaks_what_the_browser_asks_for(client: Client, asked: str, spoken: str) -> None:
    page = client.get(reverse("home"), HTTP_ACCEPT_LANGUAGE=asked)
    assert f'<html lang="{spoken}"' in page.content.decode()
    assert "Accept-Language" in page.headers["Vary"]


@pytest.mark.django_db
def test_choice_goes_before_the_browsers_wish_and_leads_back(client: Client) -> None:
    answer = client.post(reverse("language"), {"language": "en-gb", "next": "/visit-today/"}, **SPANISH)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/visit-today/")
    cookie = answer.cookies["hc_language"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert '<html lang="en"' in client.get(reverse("home"), **SPANISH).content.decode()


@pytest.mark.django_db
def test_choice_leads_nowhere_else_and_takes_no_other_word(client: Client) -> None:
    answer = client.post(reverse("language"), {"language": "../../etc", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
    assert "hc_language" not in answer.cookies


@pytest.mark.django_db
def test_choice_by_another_site_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("language"), {"language": "es"}).status_code == 403


@pytest.mark.django_db
def test_scripts_have_their_words_before_they_run(client: Client) -> None:
    page = client.get(reverse("home"), **SPANISH).content.decode()
    address = reverse("words", args=["es", words_version("es")])
    assert page.index(address) < page.index('type="module"')
    answer = client.get(address)
    assert "immutable" in answer.headers["Cache-Control"]
    assert "javascript" in answer.headers["Content-Type"]
    assert address not in client.get(reverse("home")).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/words/es-000000000000.js", "/words/xx-.js", "/words/en-.js"])
def test_words_of_another_version_are_nowhere(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("chosen", "spoken"), [("", "es"), ("en-gb", "en")])
def test_link_speaks_the_language_on_file_until_somebody_chooses(client: Client, chosen: str, spoken: str) -> None:
    visit = make_visit(patient=make_patient(language="es"))
    link = visit.appointment.links.get()
    if chosen:
        client.post(reverse("language"), {"language": chosen})
    client.post(reverse("visit-open", args=[link.uuid]), {"secret": secret_for(link)})
    assert f'<html lang="{spoken}"' in client.get(reverse("visit", args=[link.uuid])).content.decode()


@pytest.mark.django_db
def test_every_word_under_the_controls_of_a_call_is_spoken(client: Client) -> None:
    link = make_visit(patient=make_patient(language="es")).appointment.links.get()
    client.post(reverse("visit-open", args=[link.uuid]), {"secret": secret_for(link)})
    page = client.get(reverse("visit", args=[link.uuid])).content.decode()
    leave = page.partition('data-control="leave"')[2].partition("</button>")[0]
    assert "<span>Salir</span> <small>de la consulta</small>" in leave
