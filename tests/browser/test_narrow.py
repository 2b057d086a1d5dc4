"""On 320 px, in large letters, by keyboard and in forced colours every page is whole, in English and in Spanish."""

import datetime as dt
from dataclasses import dataclass

import pytest
from playwright.sync_api import ViewportSize

from accounts.models import Practitioner
from consults.models import Encounter, Pool, Seat
from core.clock import now
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.house import House
from tests.browser.people import ChromiumTab, answer_at_the_door, go_to_the_door, onward, say_where, state_is
from tests.browser.reach import SMALL, faults_of
from tests.open_clinic import TYPED


@dataclass(frozen=True)
class Clinic:
    """One clinic for all: its public door, its desk, a visit."""

    pool: Pool
    desk: Cookie
    visit: Visit
    times: str


def _clinic(base_url: str) -> Clinic:
    clinic = clinics.open_for_booking(base_url)
    pool = factories.make_pool(*clinic.practitioners, takes_walk_ins=True)
    visit = _behind_another(clinic.practitioner)
    return Clinic(pool, clinics.front_desk(clinic.organization), visit, clinic.times())


def _behind_another(practitioner: Practitioner) -> Visit:
    """A visit now; somebody was to be seen half an hour ago, and has been away for two minutes."""
    starts_at, silent_since = now() - dt.timedelta(minutes=30), now() - dt.timedelta(minutes=2)
    away = factories.make_waiting_visit(practitioner=practitioner, starts_at=starts_at, lasts=dt.timedelta(minutes=8))
    Seat.objects.filter(encounter=away).update(last_seen_at=silent_since)
    Encounter.objects.filter(pk=away.pk).update(arrived_at=silent_since)
    return clinics.visit(practitioner)


def _own_visit(visit: Visit) -> Visit:
    return _behind_another(clinics.doctor(visit.encounter.organization))


@pytest.fixture(scope="module")
def clinic(house: House, make: Make) -> Clinic:
    return make(_clinic, house.base_url)


class Reader:
    """Somebody's small screen; what is wrong with the pages seen is kept to the end."""

    def __init__(self, person: OpenContext, locale: str) -> None:
        self._person, self._locale = person, locale
        self.faults: list[str] = []

    def open(self, session: Cookie | None = None) -> ChromiumTab:
        context = self._person(session, viewport=SMALL, reduced_motion="reduce", locale=self._locale)
        return ChromiumTab(context.new_page())

    def look(self, tab: ChromiumTab) -> None:
        self.faults += faults_of(tab)


@pytest.fixture(params=("en-US", "es-MX"))
def reader(request: pytest.FixtureRequest, person: OpenContext) -> Reader:
    return Reader(person, request.param)


def test_public_pages(reader: Reader, clinic: Clinic, watch: Watch) -> None:
    watch.allow("404")
    tab = reader.open()
    page = tab.page
    for path in (
        "/",
        "/visit-today/",
        "/no/",
        "/offline/",
        f"/walk-in/{clinic.pool.door_token}/",
        "/book/",
        clinic.times,
    ):
        tab.goto(path)
        reader.look(tab)
    page.locator("input[name=time]").first.check(force=True)
    onward(page, page.click, "main form [type=submit].hc-btn-main")
    reader.look(tab)
    for name, text in TYPED.items():
        page.fill(f"#id_{name}", text)
    onward(page, page.click, "main form [type=submit].hc-btn-main")
    reader.look(tab)
    assert reader.faults == [], "\n".join(reader.faults)


def test_pages_of_a_visit(reader: Reader, clinic: Clinic, make: Make, whole_line: object) -> None:
    visit = make(_own_visit, clinic.visit)
    tab = reader.open()
    go_to_the_door(tab, visit.link)
    reader.look(tab)
    tab.click("[data-step=door] [data-act=join]")
    state_is(tab, "check")
    reader.look(tab)
    tab.click("[data-step=check] [data-act=go-on]")
    state_is(tab, "consent")
    reader.look(tab)
    answer_at_the_door(tab)
    state_is(tab, "place")
    reader.look(tab)
    say_where(tab)
    reader.look(tab)
    make(clinics.finished, visit)
    tab.goto(visit.link.partition("#")[0])
    reader.look(tab)
    assert reader.faults == [], "\n".join(reader.faults)


def test_pages_of_the_desk(reader: Reader, clinic: Clinic) -> None:
    desk = reader.open(clinic.desk)
    visit = f"/staff/appointments/{clinic.visit.encounter.appointment.uuid}/"
    for path in (clinic.visit.board, "/staff/clinic/", "/staff/calendar/", visit, "/staff/appointments/new/"):
        desk.goto(path)
        reader.look(desk)
    assert reader.faults == [], "\n".join(reader.faults)


def test_sign_in_and_board_of_a_doctor(reader: Reader, clinic: Clinic) -> None:
    tab = reader.open()
    tab.goto("/accounts/login/")
    reader.look(tab)
    doctor = reader.open(clinic.visit.doctor)
    doctor.goto(clinic.visit.board)
    reader.look(doctor)
    assert reader.faults == [], "\n".join(reader.faults)


def test_button_with_long_words_stands_beside_nothing(person: OpenContext, clinic: Clinic) -> None:
    """In Spanish whoever is in trouble is called by a button as wide as half the row, on the board of all lines."""
    phone = ViewportSize(width=360, height=740)
    page = person(clinic.desk, viewport=phone, reduced_motion="reduce", locale="es-MX").new_page()
    page.goto("/staff/clinic/")
    row = page.locator(".hc-qrow:has(.hc-qdo a[href^='tel:'])").first
    more, button = (row.locator(each).bounding_box() for each in (".hc-qmore", ".hc-qdo"))
    assert more
    assert button
    assert more["y"] + more["height"] <= button["y"] or more["x"] + more["width"] <= button["x"]
