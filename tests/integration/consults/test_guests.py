"""A guest in a visit: agreeing at the door, sitting down in the call, and how little they are told."""

import datetime as dt

import pytest

from accounts.actors import Actor
from consent.models import Consent, ConsentText
from consent.selectors import current_text, standing_consent
from consults import services
from consults.models import Encounter, Seat
from consults.selectors import chat_since, get_visit, visit_snapshot
from consults.services.guests import agree_as_guest
from core.clock import today
from core.errors import Conflict, HousecallError, NotFound
from core.ids import new_uuid
from scheduling.services import remove_guest
from tests import factories as make

pytestmark = pytest.mark.django_db


def words(visit: Encounter) -> str:
    return current_text(visit.organization, "telehealth").version


def sit(actor: Actor, visit: Encounter) -> Seat:
    return services.take_seat(actor=actor, encounter=visit, holder=new_uuid())


def refused(actor: Actor, visit: Encounter) -> str:
    with pytest.raises(HousecallError) as refusal:
        sit(actor, visit)
    return str(refusal.value.code)


def test_guest_sits_after_agreeing_and_only_while_the_visit_goes_on() -> None:
    visit = make.make_waiting_visit()
    actor = make.guest_actor(make.make_guest(visit.appointment))
    agree_as_guest(actor=actor, encounter=visit, text_version=words(visit))
    assert refused(actor, visit) == "visit.not_open"
    doctor = make.practitioner_actor(visit.practitioner)
    services.admit_patient(actor=doctor, encounter=visit)
    seat = sit(actor, visit)
    assert (seat.label, seat.role, seat.actor_type) == ("Ana Lopez, interpreter", "interpreter", "guest")
    services.finish_visit(actor=doctor, encounter=visit)
    assert refused(actor, visit) == "visit.over"


def test_guest_who_has_not_agreed_sits_nowhere() -> None:
    visit = make.make_visit_in_progress()
    assert refused(make.guest_actor(make.make_guest(visit.appointment)), visit) == "consent.missing"


def test_yes_of_a_guest_is_theirs_alone_and_for_this_visit() -> None:
    visit = make.make_visit(lasts=dt.timedelta(minutes=5))
    guest = make.make_guest(visit.appointment)
    actor = make.guest_actor(guest)
    kept = [agree_as_guest(actor=actor, encounter=visit, text_version=words(visit)) for _ in range(2)]
    assert kept[0] == kept[1]
    row = Consent.objects.get()
    assert (row.person_type, row.person_id, row.patient, row.about) == ("guest", guest.pk, visit.patient, visit.uuid)
    assert (row.given_by_type, row.how) == ("guest", "link")
    # The patient has not been asked by that, and is not bound by a guest's yes.
    assert standing_consent(visit.patient, "telehealth") is None
    with pytest.raises(Conflict):
        services.enter_waiting_room(
            actor=make.patient_actor(visit.appointment), encounter=visit, place="Here", callback_phone="555 0100"
        )
    again = make.make_visit_in_progress(patient=visit.patient, starts_at=visit.appointment.ends_at)
    assert refused(make.guest_actor(make.make_guest(again.appointment)), again) == "consent.missing"


def test_new_words_ask_a_guest_again() -> None:
    visit = make.make_visit_in_progress()
    actor = make.guest_actor(make.make_guest(visit.appointment))
    agree_as_guest(actor=actor, encounter=visit, text_version=words(visit))
    ConsentText.objects.create(
        purpose="telehealth",
        version="2099-01-01",
        language="en",
        title="Anew",
        body="Anew",
        published_on=today(visit.organization.timezone),
    )
    assert refused(actor, visit) == "consent.missing"
    agree_as_guest(actor=actor, encounter=visit, text_version="2099-01-01")
    sit(actor, visit)


def test_guest_is_told_who_is_there_once_they_are_and_nothing_more_of_the_patient() -> None:
    visit = make.make_visit_in_progress(reason="Blood pressure")
    guest = make.make_guest(visit.appointment)
    actor = make.guest_actor(guest)
    full_name = visit.patient.full_name
    before = visit_snapshot(actor, get_visit(actor))
    assert before["seats"] == []
    assert full_name not in str(before)
    make.seat_guest(visit, guest)
    after = visit_snapshot(actor, get_visit(actor))
    assert {seat["role"] for seat in after["seats"]} == {"patient", "practitioner", "interpreter"}
    assert [seat["label"] for seat in after["seats"] if seat["you"]] == ["Ana Lopez, interpreter"]
    for secret in ("Blood pressure", "At home", "555 0100"):
        assert secret not in str(after)
    assert after["line"] == {"position": None, "waiting": 0, "now": True}
    seen_by_the_doctor = visit_snapshot(make.practitioner_actor(visit.practitioner), visit)
    assert "Ana Lopez, interpreter" in {seat["label"] for seat in seen_by_the_doctor["seats"]}


def test_chat_is_a_guests_from_when_they_have_sat_down() -> None:
    visit = make.make_visit_in_progress()
    patient = make.patient_actor(visit.appointment)
    services.post_chat(actor=patient, encounter=visit, body="Between us", client_id=new_uuid())
    guest = make.make_guest(visit.appointment)
    actor = make.guest_actor(guest)
    assert chat_since(actor, visit, 0) == []
    make.seat_guest(visit, guest)
    services.post_chat(actor=actor, encounter=visit, body="Hello", client_id=new_uuid())
    assert [line["body"] for line in chat_since(actor, visit, 0)] == ["Between us", "Hello"]
    assert [line["author"] for line in chat_since(patient, visit, 1)] == ["Ana Lopez, interpreter"]


def test_removed_guest_is_out_of_the_room_at_once_and_leaves_the_place_to_another() -> None:
    visit = make.make_visit_in_progress()
    guests = [make.make_guest(visit.appointment, f"Guest {number}") for number in range(6)]
    actors = [make.seat_guest(visit, guest) for guest in guests]
    assert Seat.objects.filter(encounter=visit, left_at=None).count() == 8
    version = Encounter.objects.get(pk=visit.pk).room_version
    remove_guest(actor=make.SYSTEM, guest=guests[0])
    assert Encounter.objects.get(pk=visit.pk).room_version > version
    assert Seat.objects.filter(encounter=visit, left_at=None).count() == 7
    with pytest.raises(NotFound):
        sit(actors[0], visit)
    make.seat_guest(visit, make.make_guest(visit.appointment, "Another"))
    assert Seat.objects.filter(encounter=visit, left_at=None).count() == 8


def test_guest_alone_does_not_make_the_patient_one_who_came() -> None:
    visit = make.make_visit_in_progress()
    guest = make.make_guest(visit.appointment)
    make.seat_guest(visit, guest)
    remove_guest(actor=make.SYSTEM, guest=guest)
    [patient] = Seat.objects.filter(encounter=visit, actor_type="patient")
    assert patient.left_at is None
