"""Who waits with a closed page is sent for: when they are next, and when the doctor is ready."""

import datetime as dt
import uuid

import pytest
import time_machine

from consent.selectors import current_text
from consent.services import give_consent
from consults import services
from consults.models import Encounter, Seat
from core.clock import now
from notifications.models import Message, SunkMessage
from scheduling.links import address_of
from scheduling.models import Appointment
from tests import factories as make
from tests.integration.notifications.mailing import MailingClinic, planned, send_all, sunk, told

pytestmark = pytest.mark.django_db

NEXT, READY = "visit.next", "visit.ready"
SOON = dt.timedelta(minutes=1)
AFTER_GRACE = dt.timedelta(seconds=25)


@pytest.fixture
def clinic() -> MailingClinic:
    return MailingClinic()


def come_in(visit: Appointment) -> tuple[Encounter, Seat]:
    """The patient passes the door and their page is open."""
    encounter = Encounter.objects.get(appointment=visit)
    actor = make.patient_actor(visit)
    words = current_text(visit.organization, "telehealth").version
    give_consent(actor=actor, patient=encounter.patient, purpose="telehealth", text_version=words)
    encounter = services.enter_waiting_room(actor=actor, encounter=encounter, place="Home", callback_phone="555 0100")
    return encounter, services.take_seat(actor=actor, encounter=encounter, holder=uuid.uuid4())


def close_page(seat: Seat) -> None:
    assert seat.holder is not None
    services.release_seat(seat=seat, holder=seat.holder)


def open_page(encounter: Encounter) -> Seat:
    actor = make.patient_actor(encounter.appointment)
    return services.take_seat(actor=actor, encounter=encounter, holder=uuid.uuid4())


def admit(encounter: Encounter) -> None:
    services.admit_patient(actor=make.practitioner_actor(encounter.practitioner), encounter=encounter)


def test_who_is_next_and_has_closed_the_page_is_told_by_text(clinic: MailingClinic) -> None:
    visit = clinic.book(now() + SOON)
    _, seat = come_in(visit)
    assert not Message.objects.filter(kind=NEXT).exists()
    close_page(seat)
    with time_machine.travel(now() + AFTER_GRACE, tick=False):
        send_all()
    text = sunk(NEXT)
    assert text.channel == "sms"
    assert "You are next." in text.text
    assert address_of(visit.links.get(guest=None)) in text.text


def test_page_that_is_only_loaded_again_sends_nothing(clinic: MailingClinic) -> None:
    visit = clinic.book(now() + SOON)
    encounter, seat = come_in(visit)
    close_page(seat)
    send_all()
    assert planned(visit.uuid)[NEXT] == "waiting"
    open_page(encounter)
    Seat.objects.update(last_seen_at=now() + AFTER_GRACE)
    with time_machine.travel(now() + AFTER_GRACE, tick=False):
        send_all()
    assert planned(visit.uuid)[NEXT] == "skipped page_open"


def test_page_that_was_open_again_and_is_closed_once_more_is_told_after_all(clinic: MailingClinic) -> None:
    visit = clinic.book(now() + SOON)
    encounter, seat = come_in(visit)
    close_page(seat)
    seat = open_page(encounter)
    Seat.objects.update(last_seen_at=now() + AFTER_GRACE)
    with time_machine.travel(now() + AFTER_GRACE, tick=False):
        send_all()
        close_page(seat)
    with time_machine.travel(now() + 2 * AFTER_GRACE, tick=False):
        send_all()
    assert told(visit.uuid)[-1] == NEXT
    assert Message.objects.filter(kind=NEXT).count() == 1


def test_who_becomes_next_by_another_being_called_in_is_told(clinic: MailingClinic) -> None:
    first, second = clinic.book(now() + SOON), clinic.book(now() + 25 * SOON, patient=clinic.new_patient())
    with time_machine.travel(second.starts_at - 10 * SOON, tick=False):
        (one, _), (_, seat) = come_in(first), come_in(second)
        close_page(seat)
        assert NEXT not in planned(second.uuid)
        admit(one)
        assert planned(second.uuid)[NEXT] == "waiting"


def test_who_is_no_longer_next_by_then_is_not_told_so(clinic: MailingClinic) -> None:
    first, second = clinic.book(now() + SOON), clinic.book(now() + 25 * SOON, patient=clinic.new_patient())
    with time_machine.travel(second.starts_at - 10 * SOON, tick=False):
        _, seat = come_in(second)
        close_page(seat)
        _, there = come_in(first)
    with time_machine.travel(second.starts_at - 9 * SOON, tick=False):
        Seat.objects.filter(pk=there.pk).update(last_seen_at=now())
        send_all()
    assert planned(second.uuid)[NEXT] == "skipped not_next"


def test_who_left_the_waiting_room_is_not_sent_for(clinic: MailingClinic) -> None:
    visit = clinic.book(now() + SOON)
    encounter, seat = come_in(visit)
    close_page(seat)
    services.leave_waiting_room(actor=make.patient_actor(visit), encounter=encounter)
    with time_machine.travel(now() + AFTER_GRACE, tick=False):
        send_all()
    assert planned(visit.uuid)[NEXT] == "skipped not_so"


def test_doctor_who_is_ready_for_a_closed_page_is_told_at_once(clinic: MailingClinic) -> None:
    visit = clinic.book(now() + SOON)
    encounter, seat = come_in(visit)
    close_page(seat)
    admit(encounter)
    send_all()
    assert "Your doctor is ready." in sunk(READY).text


def test_doctor_who_is_ready_for_an_open_page_sends_nothing(clinic: MailingClinic) -> None:
    encounter, _ = come_in(clinic.book(now() + SOON))
    admit(encounter)
    assert not Message.objects.filter(kind=READY).exists()


def test_who_is_back_before_it_goes_is_not_told_that_the_doctor_is_ready(clinic: MailingClinic) -> None:
    visit = clinic.book(now() + SOON)
    encounter, seat = come_in(visit)
    close_page(seat)
    admit(encounter)
    open_page(encounter)
    send_all()
    assert planned(visit.uuid)[READY] == "skipped page_open"


def test_who_can_be_reached_by_neither_way_has_no_message_that_could_only_fail(clinic: MailingClinic) -> None:
    visit = clinic.book(now() + SOON, patient=clinic.new_patient(phone=""))
    encounter, seat = come_in(visit)
    close_page(seat)
    admit(encounter)
    assert not Message.objects.filter(kind__in=[NEXT, READY]).exists()


def test_of_a_group_those_are_sent_for_whose_page_is_closed(clinic: MailingClinic) -> None:
    group = clinic.group(3, starts_at=now() + SOON)
    encounter = Encounter.objects.get(appointment=group)
    words = current_text(group.organization, "telehealth").version
    seats = []
    for place in group.places.order_by("number"):
        actor = make.patient_actor(group, place.patient)
        give_consent(actor=actor, patient=place.patient, purpose="telehealth", text_version=words)
        services.enter_waiting_room(actor=actor, encounter=encounter, place="Home", callback_phone="555 0100")
        seats.append(services.take_seat(actor=actor, encounter=encounter, holder=uuid.uuid4()))
    close_page(seats[1])
    admit(encounter)
    send_all()
    assert list(Message.objects.filter(kind=READY).values_list("patient", flat=True)) == [seats[1].actor_id]
    assert SunkMessage.objects.filter(channel="sms").count() == 1
