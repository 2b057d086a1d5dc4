"""Where a visit's room is: one relay per visit however many try at once, and versions that relays take."""

import uuid
from functools import partial

import pytest
from django.db.models import F

from audit.models import AuditEvent
from consults import rooms, services
from consults.models import Encounter
from consults.services import places
from tests import factories as make
from tests.together import all_at_once, met


def place(visit: Encounter, former: str, relay: str) -> bool:
    return services.place_visit(room=visit.uuid, former=former, relay=relay)


def now_at(visit: Encounter) -> tuple[str, int]:
    [room] = rooms.rooms_of([visit.uuid])
    return room.relay, room.version


@pytest.mark.django_db
def test_place_visit_moves_from_where_it_is_only_and_raises_the_version() -> None:
    visit = make.make_waiting_visit()
    version = visit.room_version
    assert now_at(visit) == ("", version)
    assert place(visit, "", "one")
    assert now_at(visit) == ("one", version + 1)
    for former in ("", "two"):
        assert not place(visit, former, "three")
    assert now_at(visit) == ("one", version + 1)
    assert place(visit, "one", "two")
    assert place(visit, "two", "one")
    assert now_at(visit) == ("one", version + 3)
    events = AuditEvent.objects.filter(action="consults.visit.place").order_by("pk")
    moves = [(event.detail["former"], event.detail["relay"]) for event in events]
    assert moves == [("", "one"), ("one", "two"), ("two", "one")]


@pytest.mark.django_db
def test_place_visit_of_a_visit_that_is_no_more_is_false() -> None:
    assert not services.place_visit(room=uuid.uuid4(), former="", relay="one")


@pytest.mark.django_db
def test_outrun_relay_goes_above_what_the_relay_has_and_no_further() -> None:
    visit = make.make_waiting_visit()
    version = visit.room_version
    assert not services.outrun_relay(room=visit.uuid, reported=version)
    assert services.outrun_relay(room=visit.uuid, reported=version + 30)
    assert now_at(visit)[1] == version + 31
    assert not services.outrun_relay(room=visit.uuid, reported=version + 30)
    assert not services.outrun_relay(room=uuid.uuid4(), reported=9)
    # A relay gone mad must not use up the numbers.
    assert not services.outrun_relay(room=visit.uuid, reported=2**53 - 1)
    assert now_at(visit)[1] == version + 31


def at_once(visit: Encounter, times: int = 20) -> list[bool]:
    names = [f"relay-{number % 4}" for number in range(times)]
    return all_at_once([partial(place, visit, "", name) for name in names])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_first_connects_at_once_put_the_visit_on_one_relay() -> None:
    visit = make.make_waiting_visit()
    assert at_once(visit).count(True) == 1
    relay, version = now_at(visit)
    assert (relay != "", version) == (True, visit.room_version + 1)


@pytest.mark.slow
@pytest.mark.postgres  # SQLite locks the whole database when a transaction begins.
@pytest.mark.django_db(transaction=True)
def test_four_first_connects_at_once_without_the_condition_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_then_write(*, room: uuid.UUID, former: str, relay: str) -> bool:
        """As it would be without a conditional update."""
        if not free(room, former):
            return False
        Encounter.objects.filter(uuid=room).update(relay=relay, room_version=F("room_version") + 1)
        return True

    free = met(lambda room, former: Encounter.objects.filter(uuid=room, relay=former).exists(), people=4)
    monkeypatch.setattr(services, "place_visit", read_then_write)
    assert places.place_visit is not services.place_visit
    assert at_once(make.make_waiting_visit(), times=4).count(True) == 4
