"""Two practitioners who call in at the same moment: never the same patient."""

import datetime as dt
import os
from collections.abc import Callable
from functools import partial

import pytest

from accounts.actors import Actor
from accounts.models import Practitioner
from consults import services
from consults.models import Encounter, Queue, Station
from consults.services import calling
from consults.services.queues import stand_in_pool
from core.clock import now
from core.errors import Conflict
from tests import factories as make
from tests.together import all_at_once, met

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TIMES = 100 if os.environ.get("HOUSECALL_LONG") else 10


class Shared:
    """A pool of some practitioners, and patients in its line."""

    def __init__(self, members: int = 2) -> None:
        clinic = make.make_organization()
        self.members: list[Practitioner] = [make.make_practitioner(clinic) for _ in range(members)]
        self.actors: list[Actor] = [make.practitioner_actor(one) for one in self.members]
        self.pool = make.make_pool(*self.members)
        self.queue = Queue.objects.get(pool=self.pool)
        self._booked = 0

    def comes(self) -> Encounter:
        self._booked += 1
        starts_at = now() + dt.timedelta(minutes=self._booked % 14)
        visit = make.make_visit(
            practitioner=make.make_practitioner(self.members[0].organization),
            starts_at=starts_at,
            lasts=dt.timedelta(minutes=1),
        )
        stand_in_pool(make.SYSTEM, visit, self.pool)
        return make.arrive(visit)

    def calls(self, queue_of: Callable[[Practitioner], Queue] | None = None) -> list[Callable[[], Encounter]]:
        queues = [queue_of(one) if queue_of else self.queue for one in self.members]
        pairs = zip(self.actors, queues, strict=True)
        return [partial(services.call_next, actor=actor, queue=queue, hold_others=True) for actor, queue in pairs]


def own_queue(practitioner: Practitioner) -> Queue:
    return services.open_queue(actor=make.practitioner_actor(practitioner), practitioner=practitioner)


def test_two_who_call_next_together_never_get_the_same_patient() -> None:
    shared = Shared()
    # From the pool's own board and from the boards of each, turn about.
    ways = [shared.calls(), shared.calls(own_queue)]
    for time in range(TIMES):
        for _ in shared.members:
            shared.comes()
        got = all_at_once(ways[time % 2])
        assert len({one.pk for one in got}) == 2
        performed = dict(Encounter.objects.filter(status="in-progress").values_list("pk", "practitioner_id"))
        assert performed == {one.pk: who.pk for one, who in zip(got, shared.members, strict=True)}
    assert Station.objects.filter(begun_at__isnull=False).count() == 2 * TIMES


def test_of_two_who_call_the_last_one_together_one_is_told_that_nobody_is_there() -> None:
    shared = Shared()
    for _ in range(TIMES):
        visit = shared.comes()
        got = all_at_once(shared.calls())
        refused = [one for one in got if isinstance(one, Conflict)]
        assert [one.code for one in refused] == ["queue.nobody"]
        assert [one.pk for one in got if isinstance(one, Encounter)] == [visit.pk]


def test_of_two_who_call_one_patient_by_name_the_first_has_them() -> None:
    shared = Shared()
    for _ in range(TIMES):
        visit = shared.comes()
        got = all_at_once([partial(services.admit_patient, actor=one, encounter=visit) for one in shared.actors])
        refused = [one for one in got if isinstance(one, Conflict)]
        assert [one.code for one in refused] == ["visit.claimed"]
        visit.refresh_from_db()
        assert shared.members[got.index(refused[0])].pk != visit.practitioner_id


def test_six_who_call_next_together_get_six_patients() -> None:
    shared = Shared(members=6)
    waiting = {shared.comes().pk for _ in shared.members}
    assert {one.pk for one in all_at_once(shared.calls())} == waiting


@pytest.mark.postgres  # SQLite locks the whole database when a transaction begins.
def test_without_the_row_lock_two_get_the_same_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()
    for _ in shared.members:
        shared.comes()

    def first_of(candidates: list[int], *, may_wait: bool) -> Encounter:
        return Encounter.objects.select_related(*calling.WITH).get(pk=candidates[0])

    monkeypatch.setattr(calling, "_first_of", met(first_of, people=2))
    assert len({one.pk for one in all_at_once(shared.calls())}) == 1
