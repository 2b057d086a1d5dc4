"""What each relay is told: its own rooms as they are, everything else that it has closed."""

from typing import Any
from uuid import UUID

import pytest

from consults.rooms import PlacedRoom
from signaling.desired import documents_for, overtaken

ROOM, OTHER = UUID(int=1), UUID(int=2)


def placed(relay: str, version: int = 5, *, closed: bool = False, uuid: UUID = ROOM) -> PlacedRoom:
    document = {"room": str(uuid), "version": version, "closed": closed, "seats": [], "recording": None}
    return PlacedRoom(uuid, relay, version, document)


def told(room: PlacedRoom | None, reported: dict[UUID, int], **options: Any) -> list[dict[str, Any]]:
    rooms = {room.uuid: room} if room is not None else {}
    return documents_for("one", rooms, reported, **{"lingers": lambda uuid: False, **options})


def closed(version: int) -> list[dict[str, Any]]:
    return [{"room": str(ROOM), "version": version, "closed": True, "seats": [], "recording": None}]


def test_open_room_goes_to_its_own_relay_only() -> None:
    assert told(placed("one"), {}) == [placed("one").document]
    assert told(placed("two"), {}) == []
    assert told(placed(""), {}) == []


def test_room_reported_by_a_relay_it_has_left_is_closed_at_the_version_reported() -> None:
    assert told(placed("two", 7), {ROOM: 5}) == closed(5)
    assert told(None, {ROOM: 3}) == closed(3)


def test_room_that_has_moved_lingers_while_its_people_are_on_their_way() -> None:
    assert told(placed("two", 7), {ROOM: 5}, lingers=lambda uuid: True) == []
    # What has ended does not linger, whoever still holds it.
    assert told(placed("two", 7, closed=True), {ROOM: 5}, lingers=lambda uuid: True) == closed(5)
    assert told(None, {ROOM: 5}, lingers=lambda uuid: True) == closed(5)


def test_closed_room_is_told_to_its_relay_while_it_has_it_or_a_hint_named_it() -> None:
    over = placed("one", 9, closed=True)
    assert told(over, {}) == []
    assert told(over, {ROOM: 8}) == [over.document]
    assert told(over, {}, hinted={ROOM}) == [over.document]


@pytest.mark.parametrize(("reported", "found"), [(4, {}), (5, {}), (6, {ROOM: 6})])
def test_only_a_higher_version_than_the_records_has_overtaken_them(reported: int, found: dict[UUID, int]) -> None:
    assert overtaken({ROOM: placed("one", 5)}, [{ROOM: reported}]) == found


def test_overtaken_takes_the_highest_report_and_ignores_rooms_the_records_do_not_know() -> None:
    assert overtaken({ROOM: placed("one", 5)}, [{ROOM: 7, OTHER: 99}, {ROOM: 9}]) == {ROOM: 9}
