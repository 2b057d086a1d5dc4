"""Workers that book, hold, move and cancel at random: times never overlap, and only because the guard stands."""

import datetime as dt
import os
import random
from collections import Counter
from functools import partial

import pytest
from django.db import connection

from core import guards
from core.clock import now
from core.errors import Conflict, HousecallError
from scheduling.guards import NO_OVERLAP
from scheduling.models import Appointment, Interpreter, Modality, OccupiedSpan
from scheduling.services import (
    book_held,
    cancel_appointment,
    end_holds,
    move_appointment,
    release_hold,
)
from scheduling.services.moving import Using
from scheduling.services.rooms import save_interpreter, save_room
from tests import factories as make
from tests.integration.scheduling.clinic import Clinic
from tests.integration.scheduling.overlapping import overlaps
from tests.together import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WORKERS = 16
ATTEMPTS = 1000 if os.environ.get("HOUSECALL_LONG") else 100
TEN = dt.timedelta(minutes=10)
# So few people, rooms and times that most attempts want what somebody has.
PRACTITIONERS, PATIENTS, ROOMS, INTERPRETERS, TIMES = 4, 12, 3, 2, 24


class Worker:
    """One at a desk of their own, with what they remember of appointments."""

    def __init__(self, clinic: Clinic, patients: list, uses: list[Using], number: int, attempts: int) -> None:
        self.clinic, self.patients, self.uses, self.attempts = clinic, patients, uses, attempts
        self.random = random.Random(number)
        self.known: list[Appointment] = []
        self.outcomes: Counter[str] = Counter()

    def __call__(self) -> Counter[str]:
        for _ in range(self.attempts):
            try:
                self.outcomes[self._attempt()] += 1
            except HousecallError as refusal:
                self.outcomes[refusal.code] += 1
            finally:
                # As after each request: there are as many workers as connections in the pool.
                connection.close()
        return self.outcomes

    def _attempt(self) -> str:
        kind = self.random.choices(
            ("book", "hold", "book held", "move", "cancel", "release", "sweep"), (30, 15, 10, 25, 15, 4, 1)
        )[0]
        if kind == "book":
            # Half of them by video from a room of the clinic, or with an interpreter, or both.
            takes = vars(self.random.choice(self.uses)) if self.random.random() < 0.5 else {}
            asked = {"practitioner": self._who(), "patient": self._patient(), "modality": Modality.VIDEO_CLINIC}
            self.known.append(self.clinic.book(self._time(), **asked, **takes))
        elif kind == "hold":
            who = self._who() if self.random.random() < 0.5 else None
            self.known.append(self.clinic.hold(self._time(), practitioner=who, minutes=self.random.choice((1, 10))))
        elif kind == "sweep":
            end_holds()
        elif not self.known:
            return "nothing known"
        else:
            self._change(kind, self.random.choice(self.known))
        return kind

    def _change(self, kind: str, one: Appointment) -> None:
        actor = self.clinic.desk
        if kind == "book held":
            book_held(actor=actor, appointment=one, patient=self._patient())
        elif kind == "move":
            using = self.random.choice(self.uses) if self.random.random() < 0.3 else None
            to = {"starts_at": self._time(), "practitioner": self._who()}
            move_appointment(actor=actor, appointment=one, using=using, **to)
        elif kind == "cancel":
            cancel_appointment(actor=actor, appointment=one, reason="")
        else:
            release_hold(actor=actor, appointment=one)

    def _time(self) -> dt.datetime:
        return self.clinic.at + TEN * self.random.randrange(TIMES)

    def _who(self):
        return self.random.choice(self.clinic.practitioners)

    def _patient(self):
        return self.random.choice(self.patients)


def speaker(clinic: Clinic, name: str) -> Interpreter:
    return save_interpreter(actor=make.SYSTEM, organization=clinic.organization, name=name, languages=["es"])


def attempts_of(workers: int, attempts: int) -> Counter[str]:
    """What came of everything that they tried, all at the same time; any error that is no refusal is raised."""
    clinic = Clinic(practitioners=PRACTITIONERS)
    patients = [clinic.new_patient() for _ in range(PATIENTS)]
    rooms = [save_room(actor=make.SYSTEM, organization=clinic.organization, name=f"Room {i}") for i in range(ROOMS)]
    speakers = [speaker(clinic, f"Speaker {i}") for i in range(INTERPRETERS)]
    uses = [Using(room, voice) for room in (None, *rooms) for voice in (None, *speakers)]
    people = [Worker(clinic, patients, uses, number, attempts) for number in range(workers)]
    # What each has seen, others change under their hands.
    shared: list[Appointment] = []
    for person in people:
        person.known = shared
    return sum((result for result in all_at_once(people)), Counter())


def test_random_attempts_at_once_leave_no_overlap_and_no_error() -> None:
    outcomes = attempts_of(WORKERS, ATTEMPTS)
    assert sum(outcomes.values()) == WORKERS * ATTEMPTS
    for kind in ("book", "hold", "book held", "move", "cancel", "release", "slot.taken"):
        assert outcomes[kind] > 0, outcomes
    assert overlaps() == 0
    for kind in ("location", "interpreter"):
        assert OccupiedSpan.objects.filter(actor__kind=kind).exists()
    assert not OccupiedSpan.objects.filter(appointment__status="cancelled").exists()
    for one in Appointment.objects.exclude(status="cancelled").prefetch_related("spans__actor"):
        kinds = {span.actor.kind: (span.starts_at, span.ends_at) for span in one.spans.all()}
        assert kinds["practitioner"] == (one.starts_at, one.ends_at)
        used = {"patient": one.patient_id, "location": one.room_id, "interpreter": one.interpreter_id}
        for kind, key in used.items():
            assert (kind in kinds) is (key is not None)
            assert kinds.get(kind, (one.starts_at, one.ends_at)) == (one.starts_at, one.ends_at)


def test_random_attempts_with_the_guard_lifted_overlap() -> None:
    with guards.lifted(connection, NO_OVERLAP):
        attempts_of(WORKERS, ATTEMPTS // 4)
        found = overlaps()
        OccupiedSpan.objects.all().delete()  # or the guard could not be put back
    assert found > 0
    assert NO_OVERLAP not in guards.missing(connection)


def test_many_holds_from_one_pool_at_once_give_each_practitioner_once() -> None:
    clinic = Clinic(practitioners=4)
    results = all_at_once([partial(clinic.hold, practitioner=None)] * 12)
    held = [one.practitioner for one in results if isinstance(one, Appointment)]
    assert sorted(one.pk for one in held) == sorted(one.pk for one in clinic.practitioners)
    assert {one.code for one in results if isinstance(one, Conflict)} == {"slot.taken"}


def test_two_who_want_a_hold_that_ran_out_get_it_once() -> None:
    clinic = Clinic()
    held = clinic.hold()
    Appointment.objects.filter(pk=held.pk).update(held_until=now() - TEN)
    people = [clinic.new_patient() for _ in range(8)]
    calls = [partial(clinic.book, patient=one) for one in people[:6]]
    calls += [partial(book_held, actor=clinic.desk, appointment=held, patient=one) for one in people[6:]]
    results = all_at_once([*calls, end_holds])
    assert sum(isinstance(one, Appointment) for one in results) == 1
    held.refresh_from_db()
    assert held.status == "cancelled"
    assert overlaps() == 0


def test_moves_across_each_other_at_once_all_end() -> None:
    clinic = Clinic(practitioners=2)
    one, two = clinic.practitioners
    pairs = []
    for number in range(6):
        at = clinic.at + number * 4 * TEN
        pairs += [
            partial(
                move_appointment,
                actor=clinic.desk,
                appointment=clinic.book(at, practitioner=mine, patient=clinic.new_patient()),
                starts_at=at + 2 * TEN,
                practitioner=theirs,
            )
            for mine, theirs in ((one, two), (two, one))
        ]
    assert all(isinstance(result, Appointment) for result in all_at_once(pairs))
    assert overlaps() == 0


@pytest.mark.postgres
def test_visit_that_goes_to_a_colleague_while_it_is_waited_for_is_found() -> None:
    """PostgreSQL looks at a changed row again, but not at what was joined to it."""
    clinic = Clinic(practitioners=2)
    one, two = clinic.practitioners
    booked = clinic.book()
    calls = [
        partial(move_appointment, actor=clinic.desk, appointment=booked, starts_at=clinic.at + TEN, practitioner=who)
        for who in (one, two) * 8
    ]
    assert not [result for result in all_at_once(calls) if not isinstance(result, Appointment)]
