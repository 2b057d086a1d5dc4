"""The demo clinic in the database: made once, brought up to the present minute at every start."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import authenticate
from django.test import Client

from accounts.actors import system_actor
from accounts.models import Location, Organization, Patient, User
from consults.lifecycle import OVER, VisitStatus
from consults.models import Encounter, Pool
from consults.selectors import visit_state
from core.clock import now
from notifications.models import Beat
from notifications.selectors.health import alarms
from notifications.services.sweeping import WORKER
from scheduling.links import address_of
from scheduling.models import Appointment, Interpreter
from scheduling.services import book_appointment
from telehealth.demo import cast, times
from telehealth.demo.announce import announce
from telehealth.demo.seed import SeededVisit, can_be_joined, password_of, seed

CHICAGO = ZoneInfo(cast.CLINIC["timezone"])
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EVENING = dt.datetime(2026, 11, 24, 23, 59, 30, tzinfo=CHICAGO)


def _rosalind(visits: tuple[SeededVisit, ...]) -> Encounter:
    return next(visit.encounter for visit in visits if visit.encounter.patient.given_name == "Rosalind")


@pytest.mark.parametrize(
    "moment",
    [
        EVENING,
        dt.datetime(2026, 11, 25, 0, 0, 5, tzinfo=CHICAGO),
        dt.datetime(2026, 3, 8, 1, 59, 30, tzinfo=CHICAGO),
        dt.datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=CHICAGO),
    ],
    ids=str,
)
def test_seed_at_any_moment_makes_a_visit_that_can_be_joined(moment: dt.datetime) -> None:
    with time_machine.travel(moment, tick=False):
        assert visit_state(_rosalind(seed()), now()) == "open"


def test_seed_twice_in_a_minute_changes_nothing() -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        first = {visit.link.uuid for visit in seed()}
        clock.shift(60)
        assert {visit.link.uuid for visit in seed()} == first
    assert Organization.objects.count() == 1
    assert Patient.objects.count() == len(cast.PATIENTS)


def test_seed_on_the_next_day_tidies_the_visits_of_the_last() -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        old = [visit.encounter.pk for visit in seed()]
        clock.shift(dt.timedelta(days=1))
        visits = seed()
        assert visit_state(_rosalind(visits), now()) == "open"
    assert set(Encounter.objects.filter(pk__in=old).values_list("status", flat=True)) <= {code.value for code in OVER}
    assert len(visits) == len(cast.VISITS)


def test_seed_on_the_next_day_finishes_a_visit_that_was_left_open() -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        left_open = _rosalind(seed())
        _begin(left_open)
        clock.shift(dt.timedelta(days=1))
        seed()
    left_open.refresh_from_db()
    assert left_open.status == VisitStatus.FINISHED


def _booked_by_hand(seen: Encounter, starts_at: dt.datetime) -> Appointment:
    return book_appointment(
        actor=system_actor("test", seen.organization_id),
        patient=seen.patient,
        practitioner=seen.practitioner,
        starts_at=starts_at,
        ends_at=starts_at + times.LENGTH,
        timezone=cast.CLINIC["timezone"],
        reason="My own",
    )


def _begin(encounter: Encounter) -> None:
    Encounter.objects.filter(pk=encounter.pk).update(status=VisitStatus.IN_PROGRESS.value)
    Appointment.objects.filter(pk=encounter.appointment_id).update(status="arrived")


@pytest.mark.parametrize("minutes", [0, 4, 9, 14, 16, 31, 47, 61, 75, 130, 700, 1441])
def test_seed_at_a_later_start_shows_visits_around_the_present(minutes: int) -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        seed()
        clock.shift(dt.timedelta(minutes=minutes))
        visits = seed()
        starts = [visit.encounter.appointment.starts_at for visit in visits]
        assert len(visits) == len(cast.VISITS)
        assert starts == sorted(starts)
        assert all(start > now() - times.LENGTH for start in starts)
        assert any(can_be_joined(visit.encounter, now()) for visit in visits)
        assert starts[-1] > now() + dt.timedelta(minutes=30)


@pytest.mark.parametrize("status", [VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS, VisitStatus.ON_LEAVE])
def test_seed_keeps_a_visit_that_is_within_its_time_and_ends_it_afterwards(status: VisitStatus) -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        begun = _rosalind(seed())
        _begin(begun)
        Encounter.objects.filter(pk=begun.pk).update(status=status.value)
        clock.shift(dt.timedelta(minutes=5))
        assert _rosalind(seed()) == begun
        clock.shift(dt.timedelta(minutes=10))
        assert _rosalind(seed()) != begun
    begun.refresh_from_db()
    assert begun.status in OVER


def test_seed_ends_a_call_that_somebody_booked_and_left_open() -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        seen = _rosalind(seed())
        own = _booked_by_hand(seen, now() + dt.timedelta(hours=5))
        _begin(own.encounter)
        clock.shift(dt.timedelta(hours=6))
        seed()
    own.refresh_from_db()
    assert own.status == "fulfilled"


def test_seed_has_a_room_and_a_visit_that_is_interpreted_unless_the_interpreter_is_out_of_use() -> None:
    def interpreted() -> set[str]:
        standing = Appointment.objects.filter(interpreter__isnull=False).exclude(status="cancelled")
        return {one.patient.given_name for one in standing if one.patient}

    with time_machine.travel(EVENING, tick=False) as clock:
        seed()
        assert interpreted() == {"Mabel"}
        assert Location.objects.filter(is_room=True, is_active=True).count() == 1
        Interpreter.objects.update(is_active=False)
        clock.shift(24 * 60 * 60)
        seed()
    assert interpreted() == set()


def test_demo_that_was_stopped_for_a_while_starts_without_an_alarm() -> None:
    Beat.objects.create(name=WORKER, at=now() - dt.timedelta(hours=1))
    assert alarms() != []
    seed()
    assert alarms() == []


def test_printed_steps_name_a_patient_whose_visit_has_not_begun(capsys: pytest.CaptureFixture[str]) -> None:
    with time_machine.travel(EVENING, tick=False):
        _begin(_rosalind(seed()))
        announce(seed())
    printed = capsys.readouterr().out
    [named] = re.findall(r"Open the link of (.+) and go to the waiting room", printed)
    assert named != "Rosalind Fern"
    assert f"call {named} in." in printed
    # Mail to patients stands on a page; only the codes of sign-ins come out here.
    assert "Who signs in by a code of six digits finds its email in this window." in printed


def test_printed_links_are_whole_in_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with time_machine.travel(EVENING, tick=False):
        visits = seed()
        announce(visits)
    lines = capsys.readouterr().out.splitlines()
    assert all(address_of(visit.link) in lines for visit in visits)
    assert "11:55 pm  Rosalind Fern to Dr Ines Marlow" in lines
    assert max(len(line.rstrip()) for line in lines if "/v/" not in line) <= 80


def test_walk_in_door_is_open_at_any_hour_and_its_address_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with time_machine.travel(EVENING, tick=False):
        announce(seed())
        announce(seed())
    [pool] = Pool.objects.all()
    printed = capsys.readouterr().out.splitlines()
    assert printed.count(f"{settings.BASE_URL.rstrip('/')}/walk-in/{pool.door_token}/") == 2


def test_seed_after_every_visit_was_held_still_finds_a_time_that_can_be_joined() -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        for _ in range(4):
            # Held and over within a minute, over and over: their time stays taken.
            Encounter.objects.filter(pk__in=[visit.encounter.pk for visit in seed()]).update(
                status=VisitStatus.FINISHED.value
            )
            clock.shift(60)
        assert any(can_be_joined(visit.encounter, now()) for visit in seed())


def test_seed_leaves_a_visit_alone_that_somebody_booked_while_trying() -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        seen = _rosalind(seed())
        own = _booked_by_hand(seen, now() + dt.timedelta(hours=5))
        clock.shift(dt.timedelta(days=1))
        seed()
    own.refresh_from_db()
    assert own.status == "booked"


def test_printed_password_signs_in() -> None:
    seed()
    user = User.objects.get(email=cast.DOCTOR)
    assert user.check_password(password_of(cast.DOCTOR))
    assert not user.check_password(password_of(cast.DESK.email))
    assert authenticate(None, email=cast.DOCTOR, password=password_of(cast.DOCTOR)) == user


def test_privacy_officer_signs_in_to_the_page_of_rules_and_holds(client: Client) -> None:
    seed()
    fields = {"login": cast.OFFICER.email, "password": password_of(cast.OFFICER.email)}
    answer = client.post("/accounts/login/", fields, follow=True)
    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/staff/recordings/retention/")


def test_administrator_signs_in_to_the_page_of_plans(client: Client) -> None:
    seed()
    fields = {"login": cast.ADMINISTRATOR.email, "password": password_of(cast.ADMINISTRATOR.email)}
    assert client.post("/accounts/login/", fields).status_code == 302
    assert client.get("/staff/messages/plans/").status_code == 200


def test_patients_of_an_older_demo_get_addresses_once() -> None:
    seed()
    otto, cyrus = (Patient.objects.get(given_name=name) for name in ("Otto", "Cyrus"))
    Patient.objects.filter(pk=otto.pk).update(email="", phone="555-0172")
    Patient.objects.filter(pk=cyrus.pk).update(email="kept@example.org", phone="555-0178")
    seed()
    otto.refresh_from_db()
    cyrus.refresh_from_db()
    assert (otto.email, otto.phone) == ("otto@pepperday.example", "312-555-0172")
    assert (cyrus.email, cyrus.phone) == ("kept@example.org", "555-0178")
