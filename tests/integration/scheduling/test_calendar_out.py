"""Visits in people's calendars: invitations that update in place, and private feeds. Nothing of a patient in them."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts.roles import Role
from accounts.services import disable_user
from core.clock import now
from core.errors import NotFound
from scheduling import feeds, invites
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from scheduling.models import Appointment, CalendarFeed, VisitType
from scheduling.selectors.feeds import feed_rows
from scheduling.services import cancel_appointment, move_appointment
from scheduling.services.feeds import renew_feed, revoke_feed
from tests import factories as make
from tests.integration.access.world import sign_in
from tests.integration.scheduling.clinic import DAY, TWENTY, Clinic

pytestmark = pytest.mark.django_db


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def invitation(appointment: Appointment) -> tuple[Any, Any]:
    content = invites.invitation(appointment, summary=invites.for_patient(appointment), address="/v/x/")
    return Calendar.from_ical(content), events(content)[0]


def read(feed: CalendarFeed, **headers: str) -> Any:
    return Client().get(feeds.address_of(feed).removeprefix("http://127.0.0.1:8000"), **headers)


def test_invitation_after_a_move_and_a_cancel_updates_the_same_entry() -> None:
    clinic = Clinic()
    booked = clinic.book()
    first, one = invitation(booked)
    moved = move_appointment(actor=clinic.desk, appointment=booked, starts_at=clinic.at + DAY)
    second, two = invitation(moved)
    cancelled = cancel_appointment(actor=clinic.desk, appointment=moved, reason="ill")
    third, three = invitation(cancelled)
    assert [str(each["method"]) for each in (first, second, third)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert one["uid"] == two["uid"] == three["uid"]
    assert one["sequence"] < two["sequence"] < three["sequence"]
    assert [each["status"] for each in (one, two, three)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert two.decoded("dtstart") == clinic.at + DAY
    assert two["dtstart"].params["TZID"] == "America/Chicago"
    assert all(each["organizer"] and each["attendee"] for each in (one, two, three))


def test_calendar_names_no_patient_no_specialty_no_type_and_no_reason() -> None:
    clinic = Clinic()
    clinic.practitioner.specialty = "Addiction medicine"
    clinic.practitioner.save()
    kind = VisitType.objects.create(organization=clinic.organization, name="Methadone review", minutes=20)
    kind.practitioners.add(clinic.practitioner)
    booked = clinic.book(reason="Relapse", visit_type=kind)
    feed = renew_feed(actor=make.practitioner_actor(clinic.practitioner))
    _, event = invitation(booked)
    assert str(event["summary"]).startswith("Video visit from home")
    text = read(feed).content + invites.invitation(booked, summary=str(event["summary"]), address="/v/x/")
    told = text.decode().lower()
    for word in (clinic.patient.given_name, clinic.patient.family_name, "addiction", "methadone", "relapse"):
        assert word.lower() not in told


def test_zone_tells_exact_onsets_and_a_time_that_exists_twice_is_in_utc() -> None:
    zone = invites.vtimezone("America/Chicago", dt.date(2026, 1, 1), dt.date(2026, 12, 31)).to_ical().decode()
    assert "DTSTART:20260308T020000\r\n" in zone
    assert "DTSTART:20261101T020000\r\n" in zone
    for hour, meant in ((6, "20361102T060000Z"), (7, "20361102T070000Z")):
        twice = make.make_appointment(starts_at=dt.datetime(2036, 11, 2, hour, tzinfo=dt.UTC))
        assert f"DTSTART:{meant}" in invites.invitation(twice, summary="x", address="").decode()


def test_patient_by_link_and_staff_take_the_file_and_nobody_else() -> None:
    visit = make.make_appointment()
    link = visit.links.get()
    patient, desk, stranger = Client(), Client(), Client()
    patient.cookies[COOKIE_NAME] = session_cookie_for(link)
    sign_in(desk, make.make_user(visit.organization, Role.FRONT_DESK))
    sign_in(stranger, make.make_user(None, Role.FRONT_DESK))
    answer = patient.get(f"{path_of(link)}visit.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    assert events(answer.content)[0]["uid"] == f"{visit.uuid}@housecall"
    assert b"#" not in answer.content
    assert desk.get(f"/staff/appointments/{visit.uuid}/visit.ics").status_code == 200
    assert b"visit.ics" in desk.get(f"/staff/appointments/{visit.uuid}/").content
    assert stranger.get(f"/staff/appointments/{visit.uuid}/visit.ics").status_code == 404


def test_feed_tells_the_practitioners_own_the_desk_the_clinics_and_cancelled_ones() -> None:
    clinic = Clinic(practitioners=2)
    own, other = clinic.book(), clinic.book(practitioner=clinic.practitioners[1], patient=clinic.new_patient())
    clinic.hold(clinic.at + DAY)
    make.make_appointment()
    mine = renew_feed(actor=make.practitioner_actor(clinic.practitioner))
    theirs = renew_feed(actor=clinic.desk)
    assert [event["uid"] for event in events(read(mine).content)] == [f"{own.uuid}@housecall"]
    assert len(events(read(theirs).content)) == 2
    cancel_appointment(actor=clinic.desk, appointment=own, reason="")
    found = {event["uid"]: event["status"] for event in events(read(theirs).content)}
    assert found == {f"{own.uuid}@housecall": "CANCELLED", f"{other.uuid}@housecall": "CONFIRMED"}


def test_feed_unchanged_is_304_and_changed_is_not() -> None:
    clinic = Clinic()
    booked = clinic.book()
    feed = renew_feed(actor=make.practitioner_actor(clinic.practitioner))
    first = read(feed)
    assert "private" in first["Cache-Control"]
    again = read(feed, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    move_appointment(actor=clinic.desk, appointment=booked, starts_at=clinic.at + DAY)
    assert read(feed, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


def test_feed_renewed_revoked_or_of_somebody_who_may_no_longer_is_gone() -> None:
    clinic = Clinic()
    doctor = make.practitioner_actor(clinic.practitioner)
    feed = renew_feed(actor=doctor)
    old = feeds.address_of(feed).removeprefix("http://127.0.0.1:8000")
    feed = renew_feed(actor=doctor)
    assert Client().get(old).status_code == 404
    assert read(feed).status_code == 200
    disable_user(actor=make.staff_actor(Role.ADMINISTRATOR, organization=clinic.organization), user=feed.user)
    feed.refresh_from_db()
    assert read(feed).status_code == 404
    revoke_feed(actor=doctor)
    with pytest.raises(NotFound):
        renew_feed(actor=make.staff_actor(Role.PRIVACY_OFFICER, organization=clinic.organization))


@pytest.mark.usefixtures("one_moment")
def test_feed_asked_without_end_is_refused_for_a_while() -> None:
    feed = renew_feed(actor=make.staff_actor(Role.FRONT_DESK))
    assert {read(feed).status_code for _ in range(feeds.MOST_READS)} == {200}
    assert read(feed).status_code == 429


def test_feed_of_many_visits_asks_as_often_as_of_one() -> None:
    clinic = Clinic()
    counts = []
    feed = renew_feed(actor=make.practitioner_actor(clinic.practitioner))
    for days in (1, 5):
        for day in range(days):
            clinic.book(clinic.at + (day + days) * DAY)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            rows = feed_rows(CalendarFeed.objects.select_related("user__organization").get(pk=feed.pk))
            invites.feed(
                rows.appointments,
                name="x",
                summaries=[invites.for_staff(one, own=False) for one in rows.appointments],
                addresses=[""] * len(rows.appointments),
            )
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_feed_of_more_than_it_tells_leaves_out_what_is_farthest(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = Clinic()
    booked = {}
    for days in (-5, -2, 1, 3, 9):
        one = booked[days] = clinic.book(clinic.at + (days + 30) * DAY)
        at = now() + days * DAY
        Appointment.objects.filter(pk=one.pk).update(starts_at=at, ends_at=at + TWENTY)
    feed = renew_feed(actor=clinic.desk)
    monkeypatch.setattr("scheduling.selectors.feeds.MOST", 3)
    told = [one.uuid for one in feed_rows(feed).appointments]
    assert told == [booked[day].uuid for day in (-2, 1, 3)]


def test_page_of_the_feed_makes_shows_and_closes_the_address() -> None:
    client = Client()
    sign_in(client, make.make_user(None, Role.FRONT_DESK))
    assert b"Make a private address" in client.get("/staff/calendar-feed/").content
    client.post("/staff/calendar-feed/")
    feed = CalendarFeed.objects.get()
    assert feeds.secret_for(feed) in client.get("/staff/calendar-feed/").content.decode()
    client.post("/staff/calendar-feed/revoke/")
    assert feeds.secret_for(feed) not in client.get("/staff/calendar-feed/").content.decode()
    assert read(feed).status_code == 404
