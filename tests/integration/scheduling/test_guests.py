"""Guests of a visit: who may invite and remove them, how many, and what becomes of their links."""

import datetime as dt

import pytest

from accounts.models import Patient
from accounts.roles import Role
from audit.models import AuditEvent
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import links
from scheduling.models import Appointment, BookableActor, Guest, OccupiedSpan, VisitType
from scheduling.selectors import get_link, link_of
from scheduling.selectors.guests import addresses_of, guests_of
from scheduling.services import (
    add_guest,
    book_appointment,
    book_series,
    cancel_appointment,
    move_appointment,
    reissue_link,
    remove_guest,
)
from scheduling.services.checks import Companion
from scheduling.services.merging import merge_patient
from tests import factories as make

pytestmark = pytest.mark.django_db


def booked_with(*guests: Companion) -> Appointment:
    return make.make_appointment(guests=guests)


def test_guest_booked_along_has_a_link_of_their_own_and_the_patient_keeps_theirs() -> None:
    visit = booked_with(Companion("Ana  Lopez", "translator"), Companion("Otto Fern", "family"))
    ana, otto = guests_of(visit)
    assert [ana.label, otto.label] == ["Ana Lopez, interpreter", "Otto Fern, family"]
    desk = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    assert len({ana.link.uuid, otto.link.uuid, link_of(desk, visit).uuid}) == 3
    assert link_of(desk, visit).guest is None
    assert set(addresses_of(desk, visit)) == {ana.pk, otto.pk}
    events = AuditEvent.objects.filter(action="scheduling.guest.add")
    assert sorted(event.detail["role"] for event in events) == ["family", "translator"]
    assert not any("Ana" in str(event.detail) for event in events)


def test_guest_by_link_is_no_patient_and_owns_this_visit_alone() -> None:
    visit = booked_with(Companion("Ana Lopez", "translator"))
    other = make.make_appointment(organization=visit.organization, patient=visit.patient, starts_at=visit.ends_at)
    [guest] = guests_of(visit)
    actor = make.guest_actor(guest)
    assert (actor.type, actor.id, actor.patient_id, actor.roles) == ("guest", guest.pk, None, {Role.GUEST})
    assert get_link(actor).appointment_id == visit.pk
    for mine in (visit, other):
        with pytest.raises(NotFound):
            cancel_appointment(actor=actor, appointment=mine, reason="")
        with pytest.raises(NotFound):
            move_appointment(actor=actor, appointment=mine, starts_at=mine.starts_at + dt.timedelta(days=1))
        with pytest.raises(NotFound):
            add_guest(actor=actor, appointment=mine, name="Friend", role="other")


def test_invite_twice_invites_once() -> None:
    visit = booked_with()
    first, second = (make.make_guest(visit, " Ana  Lopez ") for _ in range(2))
    assert first == second
    assert Guest.objects.count() == 1


def test_invite_fills_a_room_of_eight_and_no_more() -> None:
    visit = booked_with(*(Companion(f"Guest {number}", "family") for number in range(6)))
    with pytest.raises(Invalid) as refusal:
        make.make_guest(visit)
    assert refusal.value.code == "guest.too_many"
    # Further patients of a group have seats too.
    group = booked_with(*(Companion(f"Guest {number}", "family") for number in range(5)))
    patient = make.make_patient(group.organization)
    bookable = BookableActor.objects.create(organization=group.organization, kind="patient", patient=patient)
    OccupiedSpan.objects.create(
        organization=group.organization,
        actor=bookable,
        appointment=group,
        starts_at=group.starts_at,
        ends_at=group.ends_at,
    )
    with pytest.raises(Invalid):
        make.make_guest(group)
    remove_guest(actor=make.SYSTEM, guest=guests_of(group)[0])
    make.make_guest(group)


@pytest.mark.parametrize(
    ("name", "role", "code"),
    [("", "family", "guest.name"), ("x" * 81, "family", "guest.name"), ("A\x00", "family", "guest.name"),
     ("A\u202enA", "family", "guest.name"), ("Ana", "doctor", "guest.role")],
)  # fmt: skip
def test_invite_with_a_name_or_role_that_cannot_be_is_refused_and_books_nothing(
    name: str, role: str, code: str
) -> None:
    before = Appointment.objects.count()
    with pytest.raises(Invalid) as refusal:
        booked_with(Companion(name, role))
    assert refusal.value.code == code
    assert Appointment.objects.count() == before


def test_name_with_a_joiner_is_a_name() -> None:
    assert make.make_guest(make.make_appointment(), "علی\u200cرضا").name == "علی\u200cرضا"


def test_invite_to_a_group_leaves_its_free_places_free() -> None:
    clinic = make.make_organization()
    doctor = make.make_practitioner(clinic)
    kind = VisitType.objects.create(organization=clinic, name="Breathing group", minutes=60, capacity=5)
    kind.practitioners.add(doctor)
    group = make.make_appointment(practitioner=doctor, visit_type=kind)
    for number in range(2):
        make.make_guest(group, f"Guest {number}")
    with pytest.raises(Invalid):
        make.make_guest(group)


def test_invite_by_whom_follows_the_table() -> None:
    visit = make.make_appointment()
    colleague = make.practitioner_actor(make.make_practitioner(visit.organization))
    stranger = make.staff_actor(Role.FRONT_DESK)
    for refused in (colleague, stranger, make.patient_actor(visit)):
        with pytest.raises(NotFound):
            add_guest(actor=refused, appointment=visit, name="Ana", role="other")
    desk = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    for number, allowed in enumerate((desk, make.practitioner_actor(visit.practitioner))):
        guest = add_guest(actor=allowed, appointment=visit, name=f"Ana {number}", role="other")
        with pytest.raises(NotFound):
            remove_guest(actor=colleague, guest=guest)
        remove_guest(actor=allowed, guest=guest)


def test_remove_closes_the_link_for_good_and_leaves_the_patients() -> None:
    visit = make.make_appointment()
    guest = make.make_guest(visit)
    actor, secret = make.guest_actor(guest), links.secret_for(guest.link)
    for _ in range(2):
        remove_guest(actor=make.SYSTEM, guest=guest)
    assert AuditEvent.objects.filter(action="scheduling.guest.remove").count() == 1
    with pytest.raises(NotFound):
        links.open_link(link_uuid=guest.link.uuid, secret=secret)
    with pytest.raises(NotFound):
        get_link(actor)
    with pytest.raises(NotFound):
        reissue_link(actor=make.SYSTEM, link=guest.link)
    assert guests_of(visit) == []
    assert make.patient_actor(visit).type == "patient"
    # The same person may be invited again, by another link.
    again = make.make_guest(visit)
    assert again != guest
    assert make.guest_actor(again).id == again.pk


def test_new_link_of_a_guest_closes_the_old_one() -> None:
    guest = make.make_guest(make.make_appointment())
    old = links.secret_for(guest.link)
    new = reissue_link(actor=make.SYSTEM, link=guest.link)
    with pytest.raises(NotFound):
        links.open_link(link_uuid=guest.link.uuid, secret=old)
    assert links.open_link(link_uuid=guest.link.uuid, secret=links.secret_for(new))[0].guest == guest


def test_move_and_merge_keep_the_guests_link_and_cancel_lets_it_say_so() -> None:
    clinic = make.make_organization()
    known, typed = make.make_patient(clinic), make.make_patient(clinic)
    Patient.objects.filter(pk=typed.pk).update(self_registered=True)
    visit = make.make_appointment(patient=typed)
    actor = make.guest_actor(make.make_guest(visit))
    move_appointment(actor=make.SYSTEM, appointment=visit, starts_at=visit.starts_at + dt.timedelta(hours=1))
    desk = make.staff_actor(Role.FRONT_DESK, organization=clinic)
    merge_patient(actor=desk, patient=typed, into=known)
    assert get_link(actor).appointment_id == visit.pk
    cancel_appointment(actor=make.SYSTEM, appointment=visit, reason="")
    assert get_link(actor).appointment.status == "cancelled"
    with pytest.raises(Conflict) as refusal:
        make.make_guest(visit, "Too late")
    assert refusal.value.code == "appointment.over"


def test_series_brings_its_guests_to_every_visit() -> None:
    clinic = make.make_organization()
    doctor, patient = make.make_practitioner(clinic), make.make_patient(clinic)
    booked = book_series(
        actor=make.SYSTEM,
        patient=patient,
        practitioner=doctor,
        starts_local=dt.datetime.combine(now().date() + dt.timedelta(days=2), dt.time(9)),
        minutes=20,
        timezone="UTC",
        rrule="FREQ=WEEKLY;COUNT=3",
        guests=[Companion("Ana Lopez", "translator")],
    )
    assert [len(guests_of(one)) for one in booked.made] == [1, 1, 1]
    assert len({guests_of(one)[0].link.uuid for one in booked.made}) == 3


def test_taken_time_books_no_guest() -> None:
    visit = make.make_appointment()
    with pytest.raises(Conflict):
        book_appointment(
            actor=make.SYSTEM,
            patient=make.make_patient(visit.organization),
            practitioner=visit.practitioner,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            timezone="UTC",
            guests=[Companion("Ana Lopez", "translator")],
        )
    assert Guest.objects.count() == 0
