"""Home, "I have a visit today", the sign-in pages and what is shown when something is absent or refused."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Practitioner
from accounts.roles import Role
from tests import factories
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
TEMPLATES = Path(__file__).resolve().parents[3] / "templates"


def test_home_names_clinic_desk_and_doctors_of_this_clinic_only(
    clinic: Organization, doctor: Practitioner, stranger: Client
) -> None:
    other = factories.make_practitioner(given_name="Zed", family_name="Elsewhere")
    page = stranger.get("/").content.decode()
    assert "Lantern Street Clinic" in page
    assert 'href="tel:5550142"' in page
    assert doctor.display_name in page
    assert other.display_name not in page


def test_home_promises_no_place_in_line_that_an_earlier_booking_could_take(
    clinic: Organization, stranger: Client
) -> None:
    page = stranger.get("/").content.decode()
    assert "Visits go in the order they were booked." in page
    assert "Your place in line is kept" not in page


@pytest.mark.parametrize("is_demo", [True, False])
def test_home_says_made_up_only_in_the_demo(clinic: Organization, stranger: Client, is_demo: bool) -> None:
    clinic.is_demo = is_demo
    clinic.save()
    assert ("made-up clinic" in stranger.get("/").content.decode()) is is_demo


def test_home_before_any_clinic_is_set_up_still_answers(stranger: Client) -> None:
    assert stranger.get("/").status_code == 200


def test_visit_today_sends_to_the_message_or_the_desk(clinic: Organization, stranger: Client) -> None:
    page = stranger.get(reverse("visit-today")).content.decode()
    assert "open the link in it" in page
    assert "555-0142" in page


@pytest.mark.parametrize(
    "name",
    ["account_login", "account_request_login_code", "account_reset_password", "account_signup", "account_inactive"],
)
def test_sign_in_pages_speak_our_words_in_our_frame(clinic: Organization, stranger: Client, name: str) -> None:
    page = stranger.get(reverse(name)).content.decode()
    assert 'class="hc-brand"' in page
    assert "Sign In" not in page, "a page of allauth shows through"
    assert page.count("<h1") == 1


@pytest.mark.parametrize("name", ["account_change_password", "account_logout"])
def test_account_pages_of_the_signed_in_are_in_our_frame(doctors_browser: Client, name: str) -> None:
    page = doctors_browser.get(reverse(name)).content.decode()
    assert 'class="hc-brand"' in page
    assert page.count("<h1") == 1


def test_sign_in_with_a_wrong_password_shows_summary_and_keeps_the_address(
    doctor: Practitioner, stranger: Client
) -> None:
    page = stranger.post(reverse("account_login"), {"login": doctor.user.email, "password": "wrong"}).content.decode()
    assert "<title>Error: " in page
    assert "hc-error-summary" in page
    assert f'value="{doctor.user.email}"' in page


def test_sign_in_with_a_wrong_password_or_code_says_what_to_do_in_our_words(
    doctor: Practitioner, stranger: Client
) -> None:
    by_password, by_code = reverse("account_login"), reverse("account_request_login_code")
    page = stranger.post(by_password, {"login": doctor.user.email, "password": "wrong"}).content.decode()
    assert "The email address or the password is not right. Try again, or get a code by email." in page
    stranger.post(by_code, {"email": doctor.user.email})
    page = stranger.post(reverse("account_confirm_login_code"), {"code": "no code"}).content.decode()
    assert "That code is not right. Look at the newest email from us and type its 6 digits." in page


def test_sign_in_after_too_many_tries_says_how_long_to_wait(doctor: Practitioner, stranger: Client) -> None:
    typed = {"login": doctor.user.email, "password": "wrong"}
    for _ in range(6):
        page = stranger.post(reverse("account_login"), typed).content.decode()
    assert "That was too many tries. Wait five minutes, then try again." in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("account_login", ["Enter your email address", "Enter your password"]),
        ("account_request_login_code", ["Enter your email address"]),
        ("account_reset_password", ["Enter your email address"]),
    ],
)
def test_sign_in_with_nothing_typed_says_what_to_enter(
    clinic: Organization, stranger: Client, name: str, words: list[str]
) -> None:
    page = stranger.post(reverse(name), {}).content.decode()
    assert all(word in page for word in words)
    assert "This field is required" not in page


def test_ways_to_sign_in_lead_to_each_other_and_keep_where_to_go(clinic: Organization, stranger: Client) -> None:
    by_code, by_password = reverse("account_request_login_code"), reverse("account_login")
    there = "?next=%2Fstaff%2Fqueue%2F"
    assert f'href="{by_password}{there}"' in stranger.get(by_code + there).content.decode()
    assert f'href="{by_code}{there}"' in stranger.get(by_password + there).content.decode()


def test_code_page_says_the_same_for_known_and_unknown_addresses(doctor: Practitioner) -> None:
    said = []
    for address in (doctor.user.email, "nobody@example.net"):
        browser = Client(headers={"host": "127.0.0.1"})
        browser.post(reverse("account_request_login_code"), {"email": address})
        page = browser.get(reverse("account_confirm_login_code")).content.decode()
        main = page[page.index("<main") : page.index("</main>")]
        said.append(re.sub(r'value="[^"]*"', "", main).replace(address, "ADDRESS"))
    assert "Enter the code" in said[0]
    assert said[0] == said[1]


def test_absent_page_gives_one_thing_to_do(clinic: Organization, stranger: Client) -> None:
    answer = stranger.get("/nothing/here/")
    assert answer.status_code == 404
    assert "Open the link in our latest message, or call the desk." in answer.content.decode()


def test_absent_page_sends_staff_to_the_queue_and_not_to_themselves(desk_browser: Client) -> None:
    page = desk_browser.get("/nothing/here/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert f'href="{reverse("queue")}"' in main
    assert "desk" not in main


def test_short_staff_address_leads_to_the_queue_and_strangers_to_sign_in(
    desk_browser: Client, stranger: Client
) -> None:
    assert desk_browser.get("/staff/").headers["Location"] == reverse("queue")
    assert stranger.get("/staff/").headers["Location"].startswith(reverse("account_request_login_code"))


def test_short_staff_address_leads_who_has_no_queue_to_a_page_of_their_own(
    clinic: Organization, sign_in: SignIn
) -> None:
    officer = sign_in(factories.make_user(clinic, Role.PRIVACY_OFFICER))
    page = officer.get("/staff/", follow=True)
    assert (page.status_code, page.redirect_chain) == (200, [(reverse("recordings-retention"), 302)])
    assert f'href="{reverse("queue")}"' not in page.content.decode()
    assert f'href="{reverse("calendar")}"' not in page.content.decode()
    absent = officer.get("/nothing/here/").content.decode()
    assert f'href="{reverse("queue")}"' not in absent
    assert f'href="{reverse("staff")}"' in absent


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.*")), ids=lambda path: path.name)
def test_template_compiles(path: Path) -> None:
    assert get_template(path.relative_to(TEMPLATES).as_posix())


def test_templates_hold_no_inline_script_and_no_style() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=\"")
    # A mail has no style sheet of ours (tests/architecture says what it may not have either).
    pages = (path for path in TEMPLATES.rglob("*.html") if TEMPLATES / "messages" not in path.parents)
    found = {path.name for path in pages if inline.search(path.read_text())}
    assert found == set()
