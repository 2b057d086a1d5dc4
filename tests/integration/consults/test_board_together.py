"""Two hands on one row of a board at the same moment: notes, places, undo, and who is told of whom nobody calls."""

import datetime as dt
import os
from functools import partial
from typing import Any

import pytest

from accounts.roles import Role
from consults import services
from consults.lifecycle import VisitStatus
from consults.models import DeskNote, Encounter, Seat, Unanswered
from consults.services.line import offer_unadmit
from core.clock import now
from core.errors import Conflict
from notifications.models import Message
from scheduling.models import BookingTerms
from scheduling.services.lateness import tell_late
from tests import factories as make
from tests.together import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MINUTE = dt.timedelta(minutes=1)
ROUNDS = 20 if os.environ.get("HOUSECALL_LONG") else 3


def refused(results: list[Any]) -> list[str]:
    return [result.code for result in results if isinstance(result, Conflict)]


def test_of_six_notes_at_once_one_stands_and_five_hear_of_it() -> None:
    visit = make.make_waiting_visit()
    desks = [make.staff_actor(Role.FRONT_DESK, organization=visit.organization) for _ in range(6)]
    calls = [partial(services.put_note, actor=one, encounter=visit, text=f"Note {n}") for n, one in enumerate(desks)]
    assert refused(all_at_once(calls)) == ["note.changed"] * 5
    assert DeskNote.objects.filter(encounter=visit, removed_at=None).count() == 1


def test_of_four_who_undo_one_call_at_once_one_does() -> None:
    visit = make.make_waiting_visit()
    actor = make.practitioner_actor(visit.practitioner)
    token = offer_unadmit(actor, services.admit_patient(actor=actor, encounter=visit))
    results = all_at_once([partial(services.undo, actor=actor, token=token)] * 4)
    assert refused(results) == ["undo.late"] * 3
    assert Encounter.objects.get(pk=visit.pk).status == VisitStatus.ARRIVED


def test_two_who_are_away_put_back_at_once_both_stand_behind_who_is_there() -> None:
    doctor = make.make_practitioner()
    times = [now() - minutes * MINUTE for minutes in (50, 40, 30)]
    visits = [make.make_waiting_visit(practitioner=doctor, starts_at=at, lasts=MINUTE) for at in times]
    Seat.objects.filter(encounter__in=visits[:2]).update(connected=False)
    Encounter.objects.filter(pk__in=[one.pk for one in visits[:2]]).update(arrived_at=now() - 5 * MINUTE)
    actor = make.practitioner_actor(doctor)
    calls = [partial(services.requeue_visit, actor=actor, encounter=one) for one in visits[:2]]
    assert refused(all_at_once(calls)) == []
    stands = [Encounter.objects.get(pk=one.pk).stands_from for one in visits[:2]]
    assert all(at is not None and at > visits[2].appointment.starts_at for at in stands)


def test_desk_is_written_to_once_however_many_workers_look() -> None:
    visit = make.make_waiting_visit(starts_at=now() - 30 * MINUTE)
    BookingTerms.objects.update_or_create(organization=visit.organization, defaults={"desk_email": "d@example.org"})
    Encounter.objects.filter(pk=visit.pk).update(arrived_at=now() - 20 * MINUTE)
    Seat.objects.update(connected=True, last_seen_at=now())
    assert sum(all_at_once([services.tell_desks] * 5)) == 1
    assert Message.objects.filter(kind="desk.unanswered").count() == 1
    assert Unanswered.objects.count() == 1


def test_lateness_told_while_everybody_writes_stops_nobody() -> None:
    """It changes many visits of one line: whoever holds one of them waits for the line, and not the line for them."""
    doctor = make.make_practitioner()
    times = [now() + minutes * MINUTE for minutes in range(1, 13, 2)]
    visits = [make.make_waiting_visit(practitioner=doctor, starts_at=at, lasts=MINUTE) for at in times]
    desk = make.staff_actor(Role.FRONT_DESK, organization=doctor.organization)
    late = [partial(tell_late, actor=desk, practitioner=doctor, minutes=n, move=False) for n in (5, 10, 15)]
    notes = [partial(services.put_note, actor=desk, encounter=one, text="hears badly") for one in reversed(visits)]
    for _ in range(ROUNDS):
        DeskNote.objects.all().delete()
        assert [one for one in all_at_once([*late, *notes]) if isinstance(one, BaseException)] == []


def test_two_patients_passed_on_in_opposite_directions_stop_nobody() -> None:
    here = make.make_practitioner()
    there = make.make_practitioner(here.organization)
    pairs = [(make.make_waiting_visit(practitioner=one), other) for one, other in ((here, there), (there, here))]
    desk = make.staff_actor(Role.FRONT_DESK, organization=here.organization)
    for _ in range(ROUNDS):
        calls = [partial(services.pass_on, actor=desk, encounter=visit, to=to) for visit, to in pairs]
        assert [one for one in all_at_once(calls) if isinstance(one, BaseException)] == []
        pairs = [(visit, here if to == there else there) for visit, to in pairs]
