"""Busy times from practitioners' own calendars: what is read out of them, who may add them, and who reads when."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling.busy.beside import read_busy
from scheduling.busy.fetching import Answer
from scheduling.busy.problems import Problem
from scheduling.models import BusyCalendar, BusyTime
from scheduling.services import busy
from tests import factories as make
from tests.integration.access.world import sign_in

pytestmark = pytest.mark.django_db

FIRST = dt.datetime(2036, 6, 1, tzinfo=dt.UTC)
LAST = FIRST + dt.timedelta(days=30)
ZONE = "America/Chicago"
SIXTY = ",".join(map(str, range(60)))
EVERY_SECOND = f"RRULE:FREQ=HOURLY;BYMINUTE={SIXTY};BYSECOND={SIXTY}"
slow = pytest.mark.slow


def calendar(*events: str, head: str = "") -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}\r\nEND:VEVENT\r\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{head}{body}END:VCALENDAR\r\n".encode()


def read(content: bytes) -> list[str]:
    spans = read_busy(content, first=FIRST, last=LAST, zone=ZONE, ours=lambda names: names)
    return [f"{starts:%m-%dT%H:%M}/{ends:%m-%dT%H:%M}" for starts, ends in spans]


def test_calendar_gives_busy_stretches_and_nothing_else() -> None:
    told = calendar(
        "DTSTART:20360602T100000Z\r\nDTEND:20360602T110000Z\r\nSUMMARY:Chemo\r\nDESCRIPTION:long\r\n  and folded",
        "DTSTART:20360602T103000Z\r\nDURATION:PT1H",
        "DTSTART;TZID=America/Chicago:20360603T090000\r\nDTEND;TZID=America/Chicago:20360603T100000",
        "DTSTART:20360604T090000\r\nDTEND:20360604T100000",
        "DTSTART;VALUE=DATE:20360605\r\nDTEND;VALUE=DATE:20360606",
        "DTSTART:20360606T100000Z\r\nDTEND:20360606T110000Z\r\nTRANSP:TRANSPARENT",
        "DTSTART:20360607T100000Z\r\nDTEND:20360607T110000Z\r\nSTATUS:CANCELLED",
        "DTSTART:20360520T100000Z\r\nDTEND:20360520T103000Z\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE:20360603T100000Z",
        "DTSTART:20360608T100000Z\r\nDTEND:20360608T110000Z\r\nUID:1@housecall",
        "DTSTART:20400608T100000Z\r\nDTEND:20400608T110000Z",
    )
    assert read(told.replace(b"UID:8\r\n", b"")) == [
        "06-02T10:00/06-02T11:30",
        "06-03T14:00/06-03T15:00",
        "06-04T14:00/06-04T15:00",
        "06-05T05:00/06-06T05:00",
        "06-10T10:00/06-10T10:30",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html>Sign in</html>", "not_calendar"),
        (bytes(range(256)) * 10, "not_calendar"),
        (b"", "not_calendar"),
        (calendar("DTSTART:20360602T100000Z\r\nDURATION:PT1H")[:-20], "not_calendar"),
        (b"BEGIN:VCALENDAR\r\n" * 1000, "too_much"),
        (calendar("DTSTART:19700101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY"), "too_much"),
        pytest.param(calendar(f"DTSTART:19700101T000000Z\r\nDURATION:PT1S\r\n{EVERY_SECOND}"), "too_much", marks=slow),
        (calendar(*["DTSTART:20360602T100000Z\r\nDTEND:20360602T110000Z"] * 20_001), "too_much"),
    ],
)
def test_calendar_that_is_none_or_a_bomb_is_told_in_time(content: bytes, code: str) -> None:
    with pytest.raises(Problem) as problem:
        read(content)
    assert problem.value.code == code


def test_sweep_keeps_times_claims_once_and_leaves_what_it_knows_when_reading_fails(monkeypatch: Any) -> None:
    doctor = make.make_practitioner()
    actor = make.practitioner_actor(doctor)
    added = busy.add_busy_calendar(actor=actor, url=" webcal://example.org/secret.ics ")
    assert added.url == "https://example.org/secret.ics"
    start = (now() + dt.timedelta(days=2)).replace(microsecond=0)
    body = calendar(f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H")
    asked: list[str] = []

    def answers(url: str, *, etag: str) -> Answer:
        asked.append(etag)
        return Answer(body if len(asked) == 1 else None, '"1"')

    monkeypatch.setattr(busy, "fetch", answers)
    assert busy.read_due_calendars() == 1
    assert list(BusyTime.objects.values_list("practitioner", "starts_at")) == [(doctor.pk, start)]
    assert busy.read_due_calendars() == 0
    BusyCalendar.objects.update(claimed_until=now())
    assert (busy.read_due_calendars(), asked) == (1, ["", '"1"'])

    def fails(url: str, *, etag: str) -> Answer:
        raise Problem("slow")

    monkeypatch.setattr(busy, "fetch", fails)
    BusyCalendar.objects.update(claimed_until=now())
    assert busy.read_due_calendars() == 1
    assert (BusyCalendar.objects.get().problem, BusyTime.objects.count()) == ("slow", 1)


def test_visits_of_another_clinic_that_runs_the_same_house_are_busy_and_our_own_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doctor = make.make_practitioner()
    at = (now() + dt.timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    own = make.make_appointment(practitioner=doctor, starts_at=at)
    elsewhere = make.make_appointment(starts_at=at + dt.timedelta(hours=2))
    lines = [
        f"DTSTART:{one:%Y%m%dT%H%M%SZ}\r\nDURATION:PT20M\r\nUID:{name}@housecall"
        for name, one in ((own.uuid, at), (elsewhere.uuid, elsewhere.starts_at), ("abc", at + dt.timedelta(hours=4)))
    ]
    told = calendar(*lines)
    for number in range(3):
        told = told.replace(f"UID:{number}\r\n".encode(), b"")
    monkeypatch.setattr(busy, "fetch", lambda url, etag: Answer(told, ""))
    busy.add_busy_calendar(actor=make.practitioner_actor(doctor), url="https://example.org/a")
    assert busy.read_due_calendars() == 1
    hours = [(one - at).total_seconds() / 3600 for one in BusyTime.objects.values_list("starts_at", flat=True)]
    assert sorted(hours) == [2, 4]


def test_reading_that_lost_its_claim_or_its_calendar_keeps_nothing() -> None:
    doctor = make.make_practitioner()
    added = busy.add_busy_calendar(actor=make.practitioner_actor(doctor), url="https://example.org/a")
    mine = busy.claim_calendar()
    assert mine is not None
    assert busy.claim_calendar() is None
    BusyCalendar.objects.update(claimed_until=now() + dt.timedelta(seconds=99))
    span = (now(), now() + dt.timedelta(hours=1))
    assert not busy.keep_times(mine, [span], etag="")
    busy.remove_busy_calendar(actor=make.practitioner_actor(doctor), calendar=added)
    assert not busy.keep_times(mine, [span], etag="")
    assert BusyTime.objects.count() == 0


def test_adding_is_for_ones_own_and_says_in_words_what_is_wrong() -> None:
    doctor = make.make_practitioner()
    actor = make.practitioner_actor(doctor)
    for url in ("http://example.org/a", "https://0x7f.1/", "nothing"):
        with pytest.raises(Invalid):
            busy.add_busy_calendar(actor=actor, url=url)
    added = busy.add_busy_calendar(actor=actor, url="https://example.org/0")
    with pytest.raises(Conflict, match="already"):
        busy.add_busy_calendar(actor=actor, url="https://example.org/0")
    for number in range(1, busy.MOST_CALENDARS):
        busy.add_busy_calendar(actor=actor, url=f"https://example.org/{number}")
    with pytest.raises(Conflict, match="at most"):
        busy.add_busy_calendar(actor=actor, url="https://example.org/more")
    colleague = make.practitioner_actor(make.make_practitioner(doctor.organization))
    with pytest.raises(NotFound):
        busy.remove_busy_calendar(actor=colleague, calendar=added)


def test_page_adds_shows_and_removes_without_showing_the_secret_address() -> None:
    doctor = make.make_practitioner()
    client = Client()
    sign_in(client, doctor.user)
    page = "/staff/busy-times/"
    refused = client.post(page, {"url": "http://calendar.example.org/secret-address/basic.ics"})
    assert refused.status_code == 422
    assert b"must begin with https" in refused.content
    client.post(page, {"url": "https://calendar.example.org/secret-address/basic.ics"})
    BusyCalendar.objects.update(problem="refused")
    shown = client.get(page).content
    assert b"calendar.example.org" in shown
    assert b"not given out" in shown
    assert b"secret-address" not in shown
    client.post(f"{page}{BusyCalendar.objects.get().uuid}/remove/")
    assert not BusyCalendar.objects.exists()
