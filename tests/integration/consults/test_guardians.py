"""A guardian by their own link: opening a child's door, waiting, going in; and what ends that."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts.actors import ANONYMOUS, Actor
from accounts.models import RelatedPerson
from accounts.roles import Role
from accounts.services.people import PersonSaid, change_related, end_related
from consent.models import Consent
from consent.selectors import current_text, standing_consent
from consent.services import give_consent
from consent.services.rights import withdraw_right
from consults import services
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Seat
from consults.selectors import get_visit, visit_snapshot, waiting_queue
from consults.selectors.company import company_of
from core.clock import now
from core.errors import Conflict, NotFound
from core.ids import new_uuid
from recordings.permission import who_may_be_recorded
from scheduling.links import COOKIE_NAME, actor_for_cookie, path_of, session_cookie_for
from scheduling.models import Guest, OccupiedSpan, PersonalLink
from scheduling.services import add_guest, cancel_appointment, mark_no_show
from scheduling.services.guests import end_guests
from tests import factories as make

pytestmark = pytest.mark.django_db
SAID = {"place": "At home", "callback_phone": "555 0100"}


def invited(visit: Encounter, *purposes: str, **fields: Any) -> tuple[Guest, RelatedPerson]:
    """The child's mother, with her right and her link."""
    mother = make.make_related(visit.patient)
    make.make_right(mother, *purposes)
    return add_guest(actor=make.SYSTEM, appointment=visit.appointment, related=mother, **fields), mother


def agree(actor: Actor, visit: Encounter) -> Consent:
    version = current_text(visit.organization, "telehealth").version
    return give_consent(
        actor=actor, patient=visit.patient, purpose="telehealth", text_version=version, about=visit.uuid
    )


def go_in(actor: Actor, visit: Encounter) -> Seat:
    agree(actor, visit)
    services.enter_waiting_room(actor=actor, encounter=visit, **SAID)
    return services.take_seat(actor=actor, encounter=visit, holder=new_uuid())


def child_visit(**fields: Any) -> Encounter:
    return make.make_visit(patient=make.make_child(), **fields)


def test_guardian_opens_the_door_waits_and_is_in_the_call_with_her_own_name() -> None:
    visit = child_visit()
    guest, _ = invited(visit)
    actor = make.guest_actor(guest)
    assert (actor.type, actor.for_patient_id) == ("guest", visit.patient.pk)
    assert Role.RELATED_PERSON in actor.roles
    seat = go_in(actor, visit)
    assert (seat.label, seat.role) == ("Ana Lopez, mother", "related-person")
    visit.refresh_from_db()
    assert visit.status == VisitStatus.ARRIVED
    snapshot = visit_snapshot(actor, get_visit(actor))
    assert snapshot["line"]["position"] == 1
    assert snapshot["patient"]["given_name"] == "Mia"
    doctor = make.practitioner_actor(visit.practitioner)
    [row] = waiting_queue(doctor, visit.queue).waiting
    assert (row.state, row.company.words) == ("waiting", "With Mia’s mother, Ana Lopez")
    services.admit_patient(actor=doctor, encounter=visit)
    visit.refresh_from_db()
    assert visit_snapshot(doctor, visit)["company"] == {"words": "With Mia’s mother, Ana Lopez", "alone": False}
    assert "company" not in visit_snapshot(actor, visit)
    # She was there: nobody says that the child did not come.
    services.finish_visit(actor=doctor, encounter=visit)
    with pytest.raises(Conflict):
        mark_no_show(actor=make.SYSTEM, appointment=visit.appointment)


def test_child_alone_is_seen_by_the_doctor_and_not_kept_out() -> None:
    visit = make.make_waiting_visit(patient=make.make_child())
    guest, _ = invited(visit)
    doctor = make.practitioner_actor(visit.practitioner)
    [row] = waiting_queue(doctor, visit.queue).waiting
    assert row.company.alone
    assert row.company.words == "Under 18, and nobody who may agree for Mia is here"
    actor = make.guest_actor(guest)
    agree(actor, visit)
    services.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    assert not company_of(visit).alone
    grown_up = make.make_waiting_visit()
    assert company_of(grown_up).words == ""


def test_guardian_who_has_not_agreed_sits_nowhere_though_the_child_has() -> None:
    visit = make.make_waiting_visit(patient=make.make_child())
    guest, _ = invited(visit)
    with pytest.raises(Conflict) as refused:
        services.take_seat(actor=make.guest_actor(guest), encounter=visit, holder=new_uuid())
    assert refused.value.code == "consent.missing"


def test_leaving_of_one_leaves_the_other_in_line() -> None:
    visit = make.make_waiting_visit(patient=make.make_child())
    guest, _ = invited(visit)
    actor = make.guest_actor(guest)
    agree(actor, visit)
    services.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    services.leave_waiting_room(actor=actor, encounter=visit)
    visit.refresh_from_db()
    assert visit.status == VisitStatus.ARRIVED
    services.leave_waiting_room(actor=make.patient_actor(visit.appointment), encounter=visit)
    visit.refresh_from_db()
    assert visit.status == VisitStatus.PLANNED


def test_carer_without_the_right_comes_along_as_a_guest_and_opens_no_door() -> None:
    visit = child_visit()
    carer = make.make_related(visit.patient, "Bo Reed", "carer")
    guest = add_guest(actor=make.SYSTEM, appointment=visit.appointment, related=carer)
    actor = make.guest_actor(guest)
    assert (guest.label, guest.role, actor.for_patient_id) == ("Bo Reed, carer", "caregiver", None)
    with pytest.raises(NotFound):
        agree(actor, visit)
    with pytest.raises(NotFound):
        services.enter_waiting_room(actor=actor, encounter=visit, **SAID)


def test_right_that_has_ended_leaves_a_guest() -> None:
    visit = child_visit()
    guest, mother = invited(visit)
    actor = make.guest_actor(guest)
    seat = go_in(actor, visit)
    withdraw_right(actor=make.SYSTEM, right=mother.consent_rights.get(withdrawn_at=None))
    seat.refresh_from_db()
    assert seat.left_at is not None
    assert make.guest_actor(guest).for_patient_id is None
    # A page that was open meanwhile cannot go on with what it was allowed before.
    with pytest.raises(Conflict) as refused:
        agree(actor, visit)
    assert refused.value.code == "consent.no_right"
    assert standing_consent(visit.patient, "telehealth") is None


def test_birthday_ends_the_right_of_a_link_that_was_made_before() -> None:
    today = now().date()
    child = make.make_child(birth_date=dt.date(today.year - 17, 1, 2))
    starts_at = dt.datetime(today.year + 1, 1, 2, 15, tzinfo=dt.UTC)
    visit = make.make_visit(patient=child, starts_at=starts_at)
    guest, _ = invited(visit)
    assert make.guest_actor(guest).for_patient_id == child.pk
    with time_machine.travel(starts_at, tick=False):
        assert make.guest_actor(guest).for_patient_id is None


@pytest.mark.parametrize("how", ["ended", "last day", "time set"])
def test_link_of_somebody_whose_time_is_over_is_dead(how: str) -> None:
    visit = make.make_visit_in_progress(patient=make.make_child())
    guest, mother = invited(visit, ends_at=now() + dt.timedelta(minutes=10) if how == "time set" else None)
    actor = make.guest_actor(guest)
    agree(actor, visit)
    seat = services.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    link = guest.link
    cookie = {COOKIE_NAME: session_cookie_for(link)}
    assert actor_for_cookie(path_of(link), cookie).type == "guest"
    if how == "ended":
        end_related(actor=make.SYSTEM, person=mother)
    elif how == "last day":
        yesterday = now().date() - dt.timedelta(days=1)
        RelatedPerson.objects.filter(pk=mother.pk).update(starts_on=yesterday - dt.timedelta(days=9))
        said = PersonSaid(mother.name, mother.relationship, mother.phone, ends_on=yesterday - dt.timedelta(days=1))
        mother.refresh_from_db()
        change_related(actor=make.SYSTEM, person=mother, said=said)
    with time_machine.travel(now() + dt.timedelta(minutes=11), tick=False):
        assert actor_for_cookie(path_of(link), cookie) is ANONYMOUS
        with pytest.raises(NotFound):
            services.take_seat(actor=actor, encounter=visit, holder=new_uuid())
        assert end_guests() == (how == "time set")
        assert end_guests() == 0
    seat.refresh_from_db()
    assert seat.left_at is not None


def test_mother_of_one_child_is_nobody_to_another() -> None:
    visit, other = child_visit(), child_visit()
    guest, mother = invited(visit)
    actor = make.guest_actor(guest)
    with pytest.raises(NotFound):
        add_guest(actor=make.SYSTEM, appointment=other.appointment, related=mother)
    for act in (
        lambda: agree(actor, other),
        lambda: services.enter_waiting_room(actor=actor, encounter=other, **SAID),
        lambda: services.take_seat(actor=actor, encounter=other, holder=new_uuid()),
        lambda: visit_snapshot(actor, other),
        lambda: cancel_appointment(actor=actor, appointment=other.appointment, reason=""),
    ):
        with pytest.raises(NotFound):
            act()
    # Nor to another visit of the same child: her link leads to one.
    again = make.make_visit(patient=visit.patient, starts_at=visit.appointment.ends_at)
    with pytest.raises(NotFound):
        services.enter_waiting_room(actor=actor, encounter=again, **SAID)


def test_guardian_cancels_as_the_patient_could() -> None:
    visit = child_visit(starts_at=now() + dt.timedelta(days=3))
    guest, _ = invited(visit)
    cancel_appointment(actor=make.guest_actor(guest), appointment=visit.appointment, reason="for the patient")
    assert not OccupiedSpan.objects.filter(appointment=visit.appointment).exists()


def test_invited_by_name_first_keeps_the_link() -> None:
    visit = child_visit()
    carer = make.make_related(visit.patient, "Bo Reed", "carer")
    by_name = make.make_guest(visit.appointment, "Bo Reed", "caregiver")
    again = add_guest(actor=make.SYSTEM, appointment=visit.appointment, related=carer)
    assert again.pk == by_name.pk
    assert PersonalLink.objects.filter(guest__isnull=False).count() == 1


def test_yes_of_a_guardian_to_a_recording_is_the_childs_too_and_a_childs_no_stands() -> None:
    visit = make.make_recordable_visit(patient=make.make_child())
    guest, _ = invited(visit)
    actor = make.guest_actor(guest)
    agree(actor, visit)
    services.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    make.answer_recording(visit, actor)
    decided = {(row.person_type, row.decision) for row in Consent.objects.filter(purpose="recording")}
    assert decided == {("guest", "permit"), ("patient", "permit")}
    make.answer_recording(visit, make.patient_actor(visit.appointment), "deny")
    make.answer_recording(visit, actor, "deny")
    make.answer_recording(visit, actor)
    newest = Consent.objects.filter(purpose="recording", person_type="patient").latest("pk")
    assert newest.decision == "deny"
    assert who_may_be_recorded([], {}) == {}
