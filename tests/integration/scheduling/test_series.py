"""Series: the same local time all year, all dates or none, moved and cancelled from one on."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit.models import AuditEvent
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import Appointment, OccupiedSpan, Series
from scheduling.services import book_series, cancel_appointment, cancel_series, move_appointment, move_series
from tests.integration.scheduling.clinic import DAY, TWENTY, Clinic

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")
# Clocks in Chicago go back on 2 November 2036 and forward on 8 March 2037.
NINE = dt.datetime(2036, 10, 20, 9)


@pytest.fixture
def clinic() -> Clinic:
    return Clinic(practitioners=2)


def book(clinic: Clinic, **changes: Any) -> Any:
    asked = {
        "actor": clinic.desk,
        "patient": clinic.patient,
        "practitioner": clinic.practitioner,
        "starts_local": NINE,
        "minutes": 20,
        "timezone": "America/Chicago",
        "rrule": "FREQ=WEEKLY;COUNT=4",
    }
    return book_series(**{**asked, **changes})


def local(appointments: Any) -> list[str]:
    return [one.starts_at.astimezone(CHICAGO).strftime("%d.%m. %H:%M") for one in appointments]


def test_series_stays_at_nine_when_the_clocks_change(clinic: Clinic) -> None:
    booked = book(clinic)
    assert local(booked.made) == ["20.10. 09:00", "27.10. 09:00", "03.11. 09:00", "10.11. 09:00"]
    assert [one.starts_at.hour for one in booked.made] == [14, 14, 15, 15]
    assert {one.series for one in booked.made} == {booked.series}
    assert len({one.links.get().uuid for one in booked.made}) == 4
    assert OccupiedSpan.objects.count() == 8


def test_series_with_taken_dates_is_refused_whole_and_names_each(clinic: Clinic) -> None:
    other = clinic.new_patient()
    for week in (1, 3):
        clinic.book((NINE + 7 * week * DAY).replace(tzinfo=CHICAGO), patient=other)
    with pytest.raises(Conflict) as refused:
        book(clinic)
    assert refused.value.code == "series.taken"
    named = [(one["local"], one["code"]) for one in refused.value.extra["conflicts"]]
    assert named == [("2036-10-27T09:00", "slot.taken"), ("2036-11-10T09:00", "slot.taken")]
    assert (Series.objects.count(), Appointment.objects.count()) == (0, 2)
    assert AuditEvent.objects.get(outcome="refused").action == "scheduling.series.book"


def test_series_leaves_out_the_taken_dates_by_choice_but_never_all(clinic: Clinic) -> None:
    for week in range(3):
        clinic.book((NINE + 7 * week * DAY).replace(tzinfo=CHICAGO), patient=clinic.new_patient())
    booked = book(clinic, leave_out_taken=True)
    assert (local(booked.made), len(booked.left_out)) == (["10.11. 09:00"], 3)
    with pytest.raises(Conflict):
        book(clinic, leave_out_taken=True, rrule="FREQ=WEEKLY;COUNT=3", patient=clinic.new_patient())


def test_series_at_a_time_that_the_clocks_skip_names_that_date(clinic: Clinic) -> None:
    start = dt.datetime(2037, 3, 1, 2, 30)
    with pytest.raises(Conflict) as refused:
        book(clinic, starts_local=start, rrule="FREQ=WEEKLY;COUNT=2")
    [conflict] = refused.value.extra["conflicts"]
    assert (conflict["local"], conflict["code"]) == ("2037-03-08T02:30", "appointment.skipped")
    assert len(book(clinic, starts_local=start, rrule="FREQ=WEEKLY;COUNT=2", leave_out_taken=True).made) == 1


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("", "series.rule"),
        ("FREQ=SECONDLY;COUNT=9", "series.rule"),
        ("FREQ=WEEKLY;BYHOUR=1,2,3;COUNT=9", "series.rule"),
        ("FREQ=WEEKLY;COUNT=2;COUNT=3", "series.rule"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=3", "series.rule"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20370101", "series.rule"),
        ("FREQ=WEEKLY;COUNT=2\nRRULE:FREQ=DAILY;COUNT=2", "series.rule"),
        ("DTSTART:19970902T090000\nRRULE:FREQ=DAILY;COUNT=2", "series.rule"),
        ("FREQ=MONTHLY;BYMONTHDAY=99;COUNT=2", "series.rule"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "series.rule"),
        ("FREQ=WEEKLY;" + "BYDAY=" + ",".join(["MO"] * 90) + ";COUNT=2", "series.rule"),
        ("FREQ=WEEKLY", "series.endless"),
        ("FREQ=DAILY;COUNT=61", "series.too_many"),
        ("FREQ=DAILY;UNTIL=20370301", "series.too_many"),
        ("FREQ=YEARLY;COUNT=4", "series.too_many"),
    ],
)
def test_series_by_a_rule_that_is_none_is_invalid(clinic: Clinic, rule: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        book(clinic, rrule=rule)
    assert (refused.value.code, Appointment.objects.count()) == (code, 0)


def test_series_until_a_day_includes_it(clinic: Clinic) -> None:
    for until in ("20361103", "20361103T235959Z", "20361103T090000"):
        booked = book(clinic, rrule=f"RRULE:FREQ=WEEKLY;UNTIL={until}", patient=clinic.new_patient())
        assert local(booked.made)[-1] == "03.11. 09:00"
        cancel_series(actor=clinic.desk, appointment=booked.made[0], reason="")


def test_move_of_all_following_keeps_the_clock_and_leaves_those_before(clinic: Clinic) -> None:
    first, second, *_ = book(clinic).made
    moved = move_series(actor=clinic.desk, appointment=second, starts_at=second.starts_at + DAY + TWENTY, sequence=0)
    assert local(moved) == ["28.10. 09:20", "04.11. 09:20", "11.11. 09:20"]
    first.refresh_from_db()
    assert local([first]) == ["20.10. 09:00"]
    assert [one.sequence for one in moved] == [1, 1, 1]


@pytest.mark.parametrize("weeks", [1, -1])
def test_move_of_a_series_into_its_own_places_collides_with_nothing(clinic: Clinic, weeks: int) -> None:
    made = book(clinic).made
    moved = move_series(actor=clinic.desk, appointment=made[0], starts_at=made[0].starts_at + 7 * weeks * DAY)
    assert [a.starts_at.astimezone(CHICAGO).hour for a in moved] == [9] * 4
    assert {one.pk for one in moved} == {one.pk for one in made}


def test_move_of_a_series_with_one_date_taken_changes_nothing(clinic: Clinic) -> None:
    made = book(clinic).made
    clinic.book(made[2].starts_at + DAY, patient=clinic.new_patient())
    with pytest.raises(Conflict) as refused:
        move_series(actor=clinic.desk, appointment=made[0], starts_at=made[0].starts_at + DAY)
    assert [one["local"] for one in refused.value.extra["conflicts"]] == ["2036-11-03T09:00"]
    assert local(Appointment.objects.filter(series=made[0].series).order_by("starts_at")) == local(made)


def test_move_of_a_series_to_a_colleague_and_longer(clinic: Clinic) -> None:
    made = book(clinic).made
    start = made[0].starts_at
    moved = move_series(
        actor=clinic.desk,
        appointment=made[0],
        starts_at=start,
        ends_at=start + 2 * TWENTY,
        practitioner=clinic.practitioners[1],
    )
    assert {(one.practitioner, one.ends_at - one.starts_at) for one in moved} == {(clinic.practitioners[1], 2 * TWENTY)}


def test_move_or_cancel_of_one_leaves_the_others(clinic: Clinic) -> None:
    first, second, third, _ = book(clinic).made
    move_appointment(actor=clinic.desk, appointment=second, starts_at=second.starts_at + TWENTY)
    cancel_appointment(actor=clinic.desk, appointment=third, reason="")
    standing = Appointment.objects.filter(series=first.series, status="booked").order_by("starts_at")
    assert local(standing) == ["20.10. 09:00", "27.10. 09:20", "10.11. 09:00"]


def test_cancel_of_all_following_leaves_those_before_and_those_that_are_over(clinic: Clinic) -> None:
    first, second, third, fourth = book(clinic).made
    cancel_appointment(actor=clinic.desk, appointment=third, reason="ill")
    gone = cancel_series(actor=clinic.desk, appointment=second, reason="moved away", sequence=0)
    assert {one.pk for one in gone} == {second.pk, fourth.pk}
    first.refresh_from_db()
    third.refresh_from_db()
    assert (first.status, third.cancellation_reason) == ("booked", "ill")


def test_series_of_another_clinic_or_none_is_not_found(clinic: Clinic) -> None:
    made = book(clinic).made
    alone = clinic.book()
    with pytest.raises(NotFound):
        cancel_series(actor=clinic.desk, appointment=alone, reason="")
    with pytest.raises(NotFound):
        move_series(actor=Clinic().desk, appointment=made[0], starts_at=made[0].starts_at + DAY)
    with pytest.raises(Conflict):
        cancel_series(actor=clinic.desk, appointment=made[0], reason="", sequence=5)
