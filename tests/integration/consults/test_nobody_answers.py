"""Somebody waits and nobody calls them: the practitioner's board, then the clinic's, and one message to the desk."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts.models import Practitioner
from accounts.roles import Role
from consults import selectors, services
from consults.models import Encounter, Seat, Unanswered
from consults.selectors.clinic import clinic_board
from core.errors import NotFound
from notifications import rendering
from notifications.kinds import kind_of
from notifications.models import Message, OptOut, SunkMessage
from notifications.services.sending import send_due
from scheduling.models import BookingTerms
from scheduling.services.lateness import tell_late
from tests import factories as make

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2036, 11, 24, 18, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DESK = "desk@clinic.example"


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def doctor(clock: Any) -> Practitioner:
    doctor = make.make_practitioner(make.make_organization(timezone="America/Chicago"))
    BookingTerms.objects.update_or_create(organization=doctor.organization, defaults={"desk_email": DESK})
    return doctor


@pytest.fixture
def visit(doctor: Practitioner) -> Encounter:
    """Booked for noon, and there."""
    return make.make_waiting_visit(practitioner=doctor, starts_at=NOON)


def later(clock: Any, minutes: int) -> None:
    """So many minutes after noon, all pages being heard."""
    clock.move_to(NOON + minutes * MINUTE)
    Seat.objects.update(last_seen_at=NOON + minutes * MINUTE, connected=True)


def ringing(doctor: Practitioner) -> list[int]:
    actor = make.practitioner_actor(doctor)
    board = selectors.waiting_queue(actor, selectors.queues(actor)[0])
    return [row.answering.minutes for row in board.ringing if row.answering]


def at_desk(doctor: Practitioner) -> list[str]:
    desk = make.staff_actor(Role.FRONT_DESK, organization=doctor.organization)
    return [said.row.patient_name for said in clinic_board(desk).unanswered]


def told() -> int:
    services.tell_desks()
    return Message.objects.filter(kind="desk.unanswered").count()


def test_board_rings_ten_minutes_after_their_time_and_not_before(
    doctor: Practitioner, visit: Encounter, clock: Any
) -> None:
    later(clock, 9)
    assert ringing(doctor) == []
    later(clock, 10)
    assert ringing(doctor) == [10]
    services.admit_patient(actor=make.practitioner_actor(doctor), encounter=visit)
    assert ringing(doctor) == []


def test_minutes_are_the_clinics_own_and_lateness_that_was_told_counts(
    doctor: Practitioner, visit: Encounter, clock: Any
) -> None:
    BookingTerms.objects.update(answer_minutes=3)
    tell_late(actor=make.practitioner_actor(doctor), practitioner=doctor, minutes=15, move=False)
    later(clock, 17)
    assert ringing(doctor) == []
    later(clock, 18)
    assert ringing(doctor) == [3]


def test_who_came_late_has_waited_from_then_on(doctor: Practitioner, clock: Any) -> None:
    visit = make.make_visit(practitioner=doctor, starts_at=NOON - 30 * MINUTE)
    Encounter.objects.filter(pk=visit.pk).update(status="arrived", arrived_at=NOON)
    Seat.objects.create(encounter=visit, actor_type="patient", actor_id=visit.patient_id, label="P", role="patient")
    later(clock, 9)
    assert ringing(doctor) == []
    later(clock, 11)
    assert ringing(doctor) == [11]


def test_who_is_away_rings_nobody(doctor: Practitioner, visit: Encounter, clock: Any) -> None:
    clock.move_to(NOON + 20 * MINUTE)
    assert ringing(doctor) == []
    assert told() == 0


def test_seen_it_rings_no_more_and_is_the_desks_when_nothing_comes_of_it(
    doctor: Practitioner, visit: Encounter, clock: Any
) -> None:
    later(clock, 12)
    services.see_unanswered(actor=make.practitioner_actor(doctor), encounter=visit)
    assert ringing(doctor) == []
    later(clock, 21)
    assert told() == 0
    later(clock, 22)
    assert told() == 1
    assert ringing(doctor) == []


def test_desk_hears_of_it_once_by_mail_and_on_its_board(doctor: Practitioner, visit: Encounter, clock: Any) -> None:
    later(clock, 14)
    assert told() == 0
    assert at_desk(doctor) == [visit.patient.full_name]
    later(clock, 15)
    assert [told(), told()] == [1, 1]
    later(clock, 40)
    assert told() == 1
    assert Unanswered.objects.get().desk_told_at == NOON + 15 * MINUTE


def test_message_to_the_desk_names_no_patient_and_asks_nobodys_choices(
    doctor: Practitioner, visit: Encounter, clock: Any
) -> None:
    OptOut.objects.create(patient=visit.patient, group="desk", channel="email")
    later(clock, 15)
    assert told() == 1
    send_due("email")
    mail = SunkMessage.objects.get()
    assert mail.address == DESK
    assert f"A patient of {doctor.short_name} has waited for 15 minutes" in mail.text
    for name in (visit.patient.given_name, visit.patient.family_name):
        assert name not in mail.subject + mail.text + mail.html
    assert "List-Unsubscribe" not in mail.headers
    assert "Choose what we send you" not in mail.text


def test_message_is_not_sent_of_who_was_called_in_meanwhile(doctor: Practitioner, visit: Encounter, clock: Any) -> None:
    later(clock, 15)
    assert told() == 1
    services.admit_patient(actor=make.practitioner_actor(doctor), encounter=visit)
    send_due("email")
    assert Message.objects.get(kind="desk.unanswered").status == "skipped"
    assert not SunkMessage.objects.exists()


def test_clinic_without_an_address_is_told_on_its_board_alone(
    doctor: Practitioner, visit: Encounter, clock: Any
) -> None:
    BookingTerms.objects.update(desk_email="")
    later(clock, 15)
    assert told() == 0
    assert at_desk(doctor) == [visit.patient.full_name]


def test_another_wait_is_another_message(doctor: Practitioner, visit: Encounter, clock: Any) -> None:
    later(clock, 15)
    assert told() == 1
    actor = make.patient_actor(visit.appointment)
    services.leave_waiting_room(actor=actor, encounter=visit)
    services.enter_waiting_room(actor=actor, encounter=visit, place="Home", callback_phone="555 0100")
    Seat.objects.update(left_at=None)
    later(clock, 29)
    assert told() == 1
    later(clock, 30)
    assert told() == 2


def test_strangers_do_not_quiet_the_board(doctor: Practitioner, visit: Encounter) -> None:
    colleague = make.practitioner_actor(make.make_practitioner(doctor.organization))
    desk = make.staff_actor(Role.FRONT_DESK, organization=doctor.organization)
    for actor in (colleague, desk, make.patient_actor(visit.appointment)):
        with pytest.raises(NotFound):
            services.see_unanswered(actor=actor, encounter=visit)


def test_kind_to_the_desk_is_looked_at_like_every_other(doctor: Practitioner) -> None:
    shown = rendering.preview(kind_of("desk.unanswered"), "email", "en", doctor.organization)
    assert "/staff/clinic/" in shown.text
