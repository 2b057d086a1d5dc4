"""Group visits: several patients with a place, time and link each; nobody beyond the last place, nobody twice."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.actors import ANONYMOUS, Actor
from accounts.models import Patient
from accounts.policy import Relation
from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import Appointment, BookingTerms, GroupPlace, OccupiedSpan, Schedule, WeeklyRule
from scheduling.policies import relation_to
from scheduling.selectors import get_link
from scheduling.selectors.groups import coming_to
from scheduling.selectors.offering import link_from
from scheduling.selectors.slots import free_slots
from scheduling.selectors.taken import Others
from scheduling.services import (
    add_patient,
    book_held,
    book_series,
    book_with_anyone,
    cancel_appointment,
    confirm_appointment,
    confirm_patient,
    correct_patient_missing,
    end_holds,
    hold_time,
    mark_patient_missing,
    move_appointment,
    release_hold,
    remove_patient,
)
from tests import factories as make
from tests.integration.scheduling.clinic import DAY, TWENTY, Clinic
from tests.integration.scheduling.week import LONG_AGO

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    clinic.offer_groups()
    return clinic


def people(group: Appointment) -> list[Patient]:
    return [place.patient for place in coming_to(group) if place.patient is not None]


def taken_of(patient: Patient) -> int:
    return OccupiedSpan.objects.filter(actor__patient=patient).count()


def place_of(group: Appointment, patient: Patient) -> GroupPlace:
    return GroupPlace.objects.get(appointment=group, patient=patient)


def test_group_gives_everybody_a_place_time_and_link_of_their_own(clinic: Clinic) -> None:
    group = clinic.group(3)
    assert (group.capacity, [place.number for place in coming_to(group)]) == (3, [1, 2, 3])
    assert [taken_of(one) for one in people(group)] == [1, 1, 1]
    assert {link.patient for link in group.links.all()} == set(people(group))
    assert Encounter.objects.filter(appointment=group).count() == 1
    told = AuditEvent.objects.filter(action="scheduling.appointment.book", outcome="success")
    assert set(told.values_list("patient_id", flat=True)) == {one.pk for one in people(group)}


def test_visit_for_one_takes_no_second_patient(clinic: Clinic) -> None:
    clinic.offer_groups(1)
    with pytest.raises(Invalid) as refused:
        clinic.book(visit_type=clinic.visit_type, further=[clinic.new_patient()])
    assert refused.value.code == "group.too_many"
    with pytest.raises(Invalid):
        clinic.book(further=[clinic.new_patient()])
    with pytest.raises(Conflict) as single:
        add_patient(actor=clinic.desk, appointment=clinic.book(), patient=clinic.new_patient())
    assert single.value.code == "group.single"


def test_same_patient_named_twice_has_one_place(clinic: Clinic) -> None:
    group = clinic.book(visit_type=clinic.visit_type, further=[clinic.patient, clinic.patient])
    assert people(group) == [clinic.patient]
    add_patient(actor=clinic.desk, appointment=group, patient=clinic.patient)
    assert people(group) == [clinic.patient]
    assert group.links.count() == 1


def test_patient_of_a_group_cannot_be_booked_elsewhere_at_that_time(clinic: Clinic) -> None:
    group = clinic.group(2)
    with pytest.raises(Conflict) as refused:
        clinic.book(patient=people(group)[1], practitioner=make.make_practitioner(clinic.organization))
    assert (refused.value.code, refused.value.extra["whose"]) == ("slot.taken", "patient")


def test_patient_with_a_visit_then_cannot_come_to_the_group_and_is_named(clinic: Clinic) -> None:
    clinic.book(practitioner=make.make_practitioner(clinic.organization))
    group = clinic.group(1)
    with pytest.raises(Conflict) as refused:
        add_patient(actor=clinic.desk, appointment=group, patient=clinic.patient)
    assert clinic.patient.full_name in refused.value.message
    assert refused.value.extra["whose"] == "patient"
    assert "nearest" in refused.value.extra
    assert len(people(group)) == 1
    assert group.links.count() == 1


def test_full_group_takes_nobody_and_the_database_says_so_too(clinic: Clinic) -> None:
    group = clinic.group(3)
    with pytest.raises(Conflict) as refused:
        add_patient(actor=clinic.desk, appointment=group, patient=clinic.patient)
    assert (refused.value.code, refused.value.extra["whose"]) == ("slot.taken", "group")
    row = {"organization": clinic.organization, "appointment": group, "patient": clinic.patient, "capacity": 3}
    for number in (3, 4, 0):
        with pytest.raises(IntegrityError), transaction.atomic():
            GroupPlace.objects.create(**row, number=number)


def test_booking_where_a_group_stands_joins_it(clinic: Clinic) -> None:
    group = clinic.group(1)
    joined = clinic.book(visit_type=clinic.visit_type)
    assert joined == group
    assert clinic.patient in people(group)
    anyone = book_with_anyone(
        actor=clinic.desk,
        patient=clinic.new_patient(),
        visit_type=clinic.visit_type,
        starts_at=clinic.at,
        timezone="America/Chicago",
    )
    assert anyone == group
    assert len(people(group)) == 3


def test_with_anyone_a_standing_group_comes_before_a_new_one() -> None:
    clinic = Clinic(practitioners=3)
    group = clinic.group(1, practitioner=clinic.practitioners[2])
    asked = {"visit_type": clinic.visit_type, "starts_at": clinic.at, "timezone": "America/Chicago"}
    assert book_with_anyone(actor=clinic.desk, patient=clinic.patient, **asked) == group
    assert hold_time(actor=clinic.desk, practitioner=None, **asked).holds_place.appointment == group


def test_series_of_groups_takes_everybody_every_time(clinic: Clinic) -> None:
    booked = book_series(
        actor=clinic.desk,
        patient=clinic.patient,
        further=[clinic.new_patient()],
        practitioner=clinic.practitioner,
        starts_local=dt.datetime(2036, 3, 3, 9),
        minutes=20,
        timezone="America/Chicago",
        rrule="FREQ=WEEKLY;COUNT=3",
        visit_type=clinic.visit_type,
    )
    assert [len(people(one)) for one in booked.made] == [2, 2, 2]


def test_who_cancels_by_link_leaves_alone_and_the_others_stay(clinic: Clinic) -> None:
    group = clinic.group(3)
    first, second, third = people(group)
    leaver = make.patient_actor(group, first)
    for _ in range(2):  # pressed twice
        cancel_appointment(actor=leaver, appointment=group, reason="by the patient")
    group.refresh_from_db()
    assert (group.status, people(group), group.patient) == ("booked", [second, third], second)
    assert Encounter.objects.get(appointment=group).patient == second
    assert (taken_of(first), taken_of(second)) == (0, 1)
    assert relation_to(leaver, group) is Relation.LEFT
    assert get_link(leaver).patient == first  # so that its page can say so
    assert clinic.book(patient=first, practitioner=make.make_practitioner(clinic.organization)).pk


def test_last_one_to_cancel_cancels_the_visit(clinic: Clinic) -> None:
    group = clinic.group(2)
    for one in people(group):
        cancel_appointment(actor=make.patient_actor(group, one), appointment=group, reason="")
    group.refresh_from_db()
    assert group.status == "cancelled"
    assert OccupiedSpan.objects.filter(appointment=group).count() == 0
    assert Encounter.objects.get(appointment=group).status == "cancelled"


def test_patient_of_a_group_has_the_clinics_notice_and_cannot_move_it(clinic: Clinic) -> None:
    clinic.terms(change_notice_minutes=7 * 24 * 60)
    group = clinic.group(2)
    actor = make.patient_actor(group, people(group)[0])
    with pytest.raises(Conflict) as late:
        cancel_appointment(actor=actor, appointment=group, reason="")
    assert late.value.code == "change.too_late"
    BookingTerms.objects.update(change_notice_minutes=0)
    with pytest.raises(Conflict) as fixed:
        move_appointment(actor=actor, appointment=group, starts_at=clinic.at + DAY)
    assert fixed.value.code == "group.fixed"


def test_desk_removes_one_and_adds_them_again_with_the_same_link(clinic: Clinic) -> None:
    group = clinic.group(2)
    second = people(group)[1]
    link = group.links.get(patient=second)
    for _ in range(2):
        remove_patient(actor=clinic.desk, place=place_of(group, second), reason="moved away")
    assert len(people(group)) == 1
    add_patient(actor=clinic.desk, appointment=group, patient=second)
    assert people(group)[1] == second
    assert group.links.get(patient=second) == link
    assert relation_to(make.patient_actor(group, second), group) is Relation.OWN


def test_removing_the_last_one_cancels_the_visit(clinic: Clinic) -> None:
    group = clinic.group(1)
    remove_patient(actor=clinic.desk, place=place_of(group, people(group)[0]))
    group.refresh_from_db()
    assert group.status == "cancelled"


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.PRACTITIONER])
def test_group_of_another_clinic_or_colleague_does_not_exist(clinic: Clinic, role: Role) -> None:
    group = clinic.group(1)
    other = clinic.organization if role == Role.PRACTITIONER else make.make_organization()
    stranger: Actor = make.staff_actor(role, organization=other)
    place = place_of(group, people(group)[0])
    with pytest.raises(NotFound):
        add_patient(actor=stranger, appointment=group, patient=clinic.patient)
    for change in (remove_patient, confirm_patient, mark_patient_missing, correct_patient_missing):
        with pytest.raises(NotFound):
            change(actor=stranger, place=place)
    with pytest.raises(NotFound):
        add_patient(actor=clinic.desk, appointment=group, patient=make.make_patient())


def test_moving_a_group_moves_everybody_or_names_who_cannot(clinic: Clinic) -> None:
    group = clinic.group(2)
    second = people(group)[1]
    other = make.make_practitioner(clinic.organization)
    clinic.book(clinic.at + DAY, patient=second, practitioner=other)
    with pytest.raises(Conflict) as refused:
        move_appointment(actor=clinic.desk, appointment=group, starts_at=clinic.at + DAY)
    assert second.full_name in refused.value.message
    move_appointment(actor=clinic.desk, appointment=group, starts_at=clinic.at + 2 * DAY, practitioner=other_of(clinic))
    spans = OccupiedSpan.objects.filter(appointment=group)
    assert set(spans.values_list("starts_at", flat=True)) == {clinic.at + 2 * DAY}
    assert spans.filter(actor__kind="patient").count() == 2


def other_of(clinic: Clinic) -> object:
    """A colleague who offers the same."""
    other = make.make_practitioner(clinic.organization)
    clinic.visit_type.practitioners.add(other)
    return other


def test_held_place_counts_until_it_is_given_back_or_runs_out(clinic: Clinic) -> None:
    group = clinic.group(2)
    hold = clinic.hold(actor=ANONYMOUS)
    assert hold.holds_place.appointment == group
    assert OccupiedSpan.objects.filter(appointment=hold).count() == 0
    with pytest.raises(Conflict):
        add_patient(actor=clinic.desk, appointment=group, patient=clinic.patient)
    release_hold(actor=ANONYMOUS, appointment=hold)
    again = clinic.hold(actor=ANONYMOUS)
    with time_machine.travel(now() + dt.timedelta(minutes=11)):
        add_patient(actor=clinic.desk, appointment=group, patient=clinic.patient)
        assert end_holds() == 0
    again.refresh_from_db()
    assert (again.status, len(people(group))) == ("cancelled", 3)
    with pytest.raises(Conflict) as over:
        book_held(actor=ANONYMOUS, appointment=again, patient=clinic.new_patient())
    assert over.value.code == "hold.over"


def test_booking_a_held_place_joins_and_the_hold_leads_to_ones_own_link(clinic: Clinic) -> None:
    group = clinic.group(1)
    hold = clinic.hold(actor=ANONYMOUS)
    for _ in range(2):
        assert book_held(actor=ANONYMOUS, appointment=hold, patient=clinic.patient) == group
    assert people(group)[1] == clinic.patient
    hold.refresh_from_db()
    link = link_from(hold)
    assert link is not None
    assert (hold.status, link.patient, link.appointment) == ("cancelled", clinic.patient, group)


def test_group_that_was_cancelled_meanwhile_ends_the_hold(clinic: Clinic) -> None:
    group = clinic.group(1)
    hold = clinic.hold(actor=ANONYMOUS)
    cancel_appointment(actor=clinic.desk, appointment=group, reason="")
    with pytest.raises(Conflict) as over:
        book_held(actor=ANONYMOUS, appointment=hold, patient=clinic.patient)
    assert over.value.code == "hold.over"


def test_hold_of_a_new_group_becomes_a_group_of_one(clinic: Clinic) -> None:
    hold = clinic.hold(actor=ANONYMOUS)
    booked = book_held(actor=ANONYMOUS, appointment=hold, patient=clinic.patient)
    assert (booked, people(booked), taken_of(clinic.patient)) == (hold, [clinic.patient], 1)


def test_place_that_patients_book_waits_for_the_desk_where_the_terms_say_so(clinic: Clinic) -> None:
    clinic.terms(confirm_self_bookings=True)
    group = clinic.group(1)
    book_held(actor=ANONYMOUS, appointment=clinic.hold(actor=ANONYMOUS), patient=clinic.patient)
    place = place_of(group, clinic.patient)
    group.refresh_from_db()
    assert (place.status, group.status) == ("pending", "booked")
    for _ in range(2):
        confirm_patient(actor=clinic.desk, place=place)
    place.refresh_from_db()
    assert place.status == "booked"


def test_confirming_a_group_confirms_who_opened_it(clinic: Clinic) -> None:
    clinic.terms(confirm_self_bookings=True)
    opened = book_held(actor=ANONYMOUS, appointment=clinic.hold(actor=ANONYMOUS), patient=clinic.patient)
    assert place_of(opened, clinic.patient).status == "pending"
    confirm_appointment(actor=clinic.desk, appointment=opened)
    assert place_of(opened, clinic.patient).status == "booked"


def test_free_times_to_move_a_group_to_suit_everybody_in_it(clinic: Clinic) -> None:
    group = clinic.group(2)
    later = clinic.at + 3 * TWENTY
    clinic.book(later, patient=people(group)[1], practitioner=make.make_practitioner(clinic.organization))
    works_daily(clinic)
    day = clinic.at.date()
    found = free_slots(
        clinic.desk, visit_type=clinic.visit_type, from_day=day, until_day=day + DAY, others=Others(besides=group)
    )
    starts = {slot.starts_at for slot in found[clinic.practitioner.pk]}
    assert clinic.at in starts
    assert later not in starts


def works_daily(clinic: Clinic) -> None:
    schedule = Schedule.objects.create(
        organization=clinic.organization, practitioner=clinic.practitioner, timezone="UTC", notice_minutes=0
    )
    for weekday in range(7):
        WeeklyRule.objects.create(
            schedule=schedule, kind="open", weekday=weekday, starts=900, ends=1080, first_day=LONG_AGO
        )


def test_free_times_have_the_group_while_a_place_is_left(clinic: Clinic) -> None:
    works_daily(clinic)
    group = clinic.group(2)

    def is_free(**asked: object) -> bool:
        day = clinic.at.date()
        found = free_slots(None, visit_type=clinic.visit_type, from_day=day, until_day=day + DAY, zone="UTC", **asked)  # type: ignore[arg-type]
        return any(slot.starts_at == clinic.at for slot in found[clinic.practitioner.pk])

    assert is_free()
    add_patient(actor=clinic.desk, appointment=group, patient=clinic.patient)
    assert not is_free()
    cancel_appointment(actor=make.patient_actor(group, clinic.patient), appointment=group, reason="")
    assert is_free()
    Schedule.objects.update(notice_minutes=30 * 24 * 60)
    assert not is_free()


def test_who_did_not_come_is_noted_one_by_one_and_put_right(clinic: Clinic) -> None:
    group = clinic.group(2)
    place = place_of(group, people(group)[1])
    with pytest.raises(Conflict) as early:
        mark_patient_missing(actor=clinic.desk, place=place)
    assert early.value.code == "noshow.early"
    with time_machine.travel(clinic.at + TWENTY):
        mark_patient_missing(actor=clinic.desk, place=place)
        place.refresh_from_db()
        assert place.status == "noshow"
        correct_patient_missing(actor=clinic.desk, place=place)
    place.refresh_from_db()
    group.refresh_from_db()
    assert (place.status, group.status) == ("booked", "booked")
