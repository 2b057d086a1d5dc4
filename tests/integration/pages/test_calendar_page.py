"""The calendar's page, its feed and its search: what stands in them, for whom, and that nonsense is today's day."""

import datetime as dt
import json
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Organization, Practitioner
from core.clock import now
from scheduling.models import Schedule, WeeklyRule
from scheduling.services import cancel_appointment
from tests import factories as make
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db

CHICAGO = ZoneInfo("America/Chicago")
DAY = dt.date(2036, 11, 25)
ASKED = {"on": DAY.isoformat()}
JSON = {"accept": "application/json"}


def at(hour: int, minute: int = 0, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=CHICAGO)


def data_of(answer: HttpResponse) -> dict[str, Any]:
    found = re.search(r'<script id="calendar-data"[^>]*>(.*?)</script>', answer.content.decode())
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def open_hours(practitioner: Practitioner) -> None:
    """Tuesdays from 9 to 5 with a break at noon."""
    schedule = Schedule.objects.create(
        organization=practitioner.organization, practitioner=practitioner, timezone="America/Chicago"
    )
    for kind, label, starts, ends in (("open", "", 540, 1020), ("break", "Lunch", 720, 780)):
        WeeklyRule.objects.create(
            schedule=schedule,
            kind=kind,
            label=label,
            weekday=1,
            starts=starts,
            ends=ends,
            first_day=dt.date(2020, 1, 7),
        )


def test_day_has_every_visit_in_the_clinics_time_by_practitioner(doctor: Practitioner, desk_browser: Client) -> None:
    otto = make.make_patient(doctor.organization, given_name="Otto", family_name="Pepperday")
    booked = make.make_appointment(practitioner=doctor, patient=otto, starts_at=at(10, 10), reason="cough")
    answer = desk_browser.get("/staff/calendar/", ASKED)
    page = answer.content.decode()
    assert "<h1>Tuesday 25 November 2036</h1>" in page
    assert "Times are in Chicago time (CST)." in page
    assert 'Dr Ines Marlow, <span data-count="">1 visit' in page.replace("data-count>", 'data-count="">')
    row = re.search(rf'<li [^>]*data-visit="{booked.uuid}".*?</li>', page)
    assert row
    for part in (
        'data-starts="2036-11-25T10:10"',
        'data-ends="2036-11-25T10:30"',
        "data-movable",
        "10:10 am",
        "Otto Pepperday",
        "Cough. Video visit from home",
        "Expected",
        reverse("appointment-move", args=[booked.uuid]),
    ):
        assert part in row[0], part
    assert "Pepperday" not in re.search("<title>.*?</title>", page)[0]  # type: ignore[index]


@pytest.mark.parametrize(("day", "letters"), [("2036-07-15", "CDT"), ("2036-11-25", "CST")])
def test_zone_is_named_as_of_the_day_that_is_shown(desk_browser: Client, day: str, letters: str) -> None:
    page = desk_browser.get("/staff/calendar/", {"on": day}).content.decode()
    assert f"Times are in Chicago time ({letters})." in page


def test_breaks_and_closed_time_are_named_for_the_grid(doctor: Practitioner, desk_browser: Client) -> None:
    open_hours(doctor)
    make.make_appointment(practitioner=doctor, starts_at=at(18))
    data = data_of(desk_browser.get("/staff/calendar/", ASKED))
    assert data["hours"] == ["09:00", "19:00"]
    assert [(each["start"][11:], each["end"][11:], each["label"]) for each in data["pauses"]] == [
        ("12:00", "13:00", "Lunch"),
        ("17:00", "19:00", "Closed"),
    ]
    assert {each["person"] for each in data["pauses"]} == {str(doctor.uuid)}


@pytest.mark.parametrize(
    "asked",
    [
        {"on": "never"},
        {"on": "9999-12-31"},
        {"view": "year", "of": "nobody", "kind": "1", "room": "-3"},
        {"room": "9" * 40},
        {"of": "\x00"},
    ],
)
def test_nonsense_in_the_address_is_as_if_not_asked(
    doctor: Practitioner, desk_browser: Client, asked: dict[str, str]
) -> None:
    make.make_appointment(practitioner=doctor, starts_at=now() + dt.timedelta(minutes=1))
    for path in ("/staff/calendar/", "/staff/calendar/feed/"):
        assert desk_browser.get(path, asked).status_code == 200
    assert desk_browser.get("/staff/calendar/", asked).context["view"] == "day"


def test_week_begins_on_monday_and_counts_where_there_are_many(
    clinic: Organization, doctor: Practitioner, desk_browser: Client
) -> None:
    make.make_appointment(practitioner=doctor, starts_at=at(9))
    make.make_appointment(practitioner=doctor, starts_at=at(10))
    cancelled = make.make_appointment(practitioner=doctor, starts_at=at(11))
    cancel_appointment(actor=make.SYSTEM, appointment=cancelled, reason="")
    answer = desk_browser.get("/staff/calendar/", ASKED | {"view": "week"})
    assert "<h1>24 to 30 November</h1>" in answer.content.decode()
    assert (data_of(answer)["first"], data_of(answer)["days"]) == ("2036-11-24", 7)
    for _ in range(4):
        make.make_practitioner(clinic)
    answer = desk_browser.get("/staff/calendar/", ASKED | {"view": "week"})
    counted = {each["practitioner"].pk: each for each in answer.context["counted"]}
    assert counted[doctor.pk]["days"][1] == (DAY, 2)
    assert counted[doctor.pk]["sum"] == 2
    alone = desk_browser.get("/staff/calendar/", ASKED | {"view": "week", "of": str(doctor.uuid)})
    assert alone.context["counted"] is None


def test_steps_keep_what_the_reader_narrowed(doctor: Practitioner, desk_browser: Client) -> None:
    asked = ASKED | {"view": "week", "of": str(doctor.uuid)}
    found = desk_browser.get("/staff/calendar/", asked).context
    assert found["after"] == f"/staff/calendar/?on=2036-12-02&view=week&of={doctor.uuid}"
    assert found["before"] == f"/staff/calendar/?on=2036-11-18&view=week&of={doctor.uuid}"
    assert found["today"] == f"/staff/calendar/?view=week&of={doctor.uuid}"
    assert found["as_day"] == f"/staff/calendar/?on=2036-11-25&view=day&of={doctor.uuid}"


def test_feed_says_that_nothing_changed_or_everything_anew(doctor: Practitioner, desk_browser: Client) -> None:
    first = make.make_appointment(practitioner=doctor, starts_at=at(9))
    data = data_of(desk_browser.get("/staff/calendar/", ASKED))
    digest = data["digest"]
    assert desk_browser.get(f"{data['feed']}&seen={digest}", headers=JSON).json() == {"same": True}

    def ask(**asked: str) -> dict[str, Any]:
        found: dict[str, Any] = desk_browser.get("/staff/calendar/feed/", ASKED | asked, headers=JSON).json()
        return found

    assert ask(seen=digest) == {"same": True}
    second = make.make_appointment(practitioner=doctor, starts_at=at(10))
    anew = ask(seen=digest)
    assert (len(anew["rows"]), anew["whole"]) == (2, True)
    assert ask(seen=anew["digest"]) == {"same": True}
    only = ask(only=str(second.uuid))
    assert only["whole"] is False
    assert [str(second.uuid) in row for row in only["rows"]] == [True]
    assert len(ask(people=str(doctor.uuid))["rows"]) == 2
    assert ask(only=str(make.make_appointment().uuid))["rows"] == []
    assert str(first.uuid) in ask(only=f"rubbish,{first.uuid}")["rows"][0]


def test_doctors_calendar_has_their_own_visits_only(
    clinic: Organization, doctor: Practitioner, doctors_browser: Client
) -> None:
    own = make.make_appointment(practitioner=doctor, starts_at=at(9))
    others = make.make_appointment(practitioner=make.make_practitioner(clinic), starts_at=at(9))
    page = doctors_browser.get("/staff/calendar/", ASKED).content.decode()
    feed = doctors_browser.get("/staff/calendar/feed/", ASKED | {"only": f"{own.uuid},{others.uuid}"}).content.decode()
    for text in (page, feed):
        assert str(own.uuid) in text
        assert str(others.uuid) not in text


def test_search_shows_visits_with_the_day_they_are_on(doctor: Practitioner, desk_browser: Client) -> None:
    otto = make.make_patient(doctor.organization, given_name="Otto", family_name="Pepperday")
    booked = make.make_appointment(practitioner=doctor, patient=otto, starts_at=at(23, 30))
    link = f"/staff/calendar/?on=2036-11-25#visit-{booked.uuid}"
    page = desk_browser.get("/staff/calendar/find/", {"q": "pep"})
    assert link in page.content.decode()
    assert link in desk_browser.get("/staff/calendar/find/", {"q": "pep"}, headers=JSON).json()["html"]
    assert "Nobody’s name begins like this" in desk_browser.get("/staff/calendar/find/", {"q": "zz"}).content.decode()
    assert "Otto" not in desk_browser.get("/staff/calendar/find/").content.decode()


def test_former_list_leads_to_the_calendars_list(desk_browser: Client) -> None:
    answer = desk_browser.get("/staff/appointments/", ASKED)
    assert answer.headers["Location"] == "/staff/calendar/?on=2036-11-25&view=list"


def test_drawn_time_is_filled_into_the_booking_form(doctor: Practitioner, desk_browser: Client) -> None:
    drawn = {"practitioner": str(doctor.uuid), "on": "2036-11-25", "at": "13:40", "minutes": "30"}
    page = desk_browser.get("/staff/appointments/new/", drawn).content.decode()
    for part in (f'<option value="{doctor.uuid}" selected>', 'value="2036-11-25"', 'value="13:40"', "selected>30 min"):
        assert part in page, part


@pytest.mark.parametrize("path", ["/staff/calendar/", "/staff/calendar/feed/"])
def test_queries_of_page_and_feed_do_not_grow(
    clinic: Organization, doctor: Practitioner, desk_browser: Client, path: str
) -> None:
    def queries() -> int:
        desk_browser.get(path, ASKED)  # who was seen is recorded once
        with CaptureQueriesContext(connection) as captured:
            assert desk_browser.get(path, ASKED).status_code == 200
        return len(captured)

    open_hours(doctor)
    make.make_appointment(practitioner=doctor, starts_at=at(9))
    few = queries()
    for hour in range(10, 14):
        colleague = make.make_practitioner(clinic)
        open_hours(colleague)
        make.make_appointment(practitioner=colleague, starts_at=at(hour))
        make.make_appointment(practitioner=doctor, starts_at=at(hour))
    assert queries() == few


def test_practitioner_of_another_clinic_cannot_be_asked_for(
    doctor: Practitioner, desk_browser: Client, sign_in: SignIn
) -> None:
    foreign = make.make_appointment(starts_at=at(9))
    page = desk_browser.get("/staff/calendar/", ASKED | {"of": str(foreign.practitioner.uuid)}).content.decode()
    assert str(foreign.uuid) not in page
    assert foreign.practitioner.family_name not in page
