"""Ids of trial rooms: known by every process, for their time only, and by nobody else's making."""

from uuid import UUID, uuid4

from signaling import trials
from signaling.desired import documents_for

NOW = 1_900_000_000.0


def test_trial_goes_on_for_its_time_and_not_longer() -> None:
    room = trials.issue(NOW)
    assert trials.goes_on(room, NOW)
    assert trials.goes_on(room, NOW + trials.LASTS - 1)
    assert not trials.goes_on(room, NOW + trials.LASTS + 1)
    assert not trials.goes_on(room, NOW - trials.LASTS)


def test_id_that_nobody_here_has_made_is_no_trial() -> None:
    room = trials.issue(NOW)
    assert not trials.goes_on(UUID(bytes=room.bytes[:8] + uuid4().bytes[:8]), NOW)
    assert not trials.goes_on(UUID(bytes=room.bytes[:7] + bytes([room.bytes[7] ^ 1]) + room.bytes[8:]), NOW)
    assert not any(trials.goes_on(uuid4(), NOW) for _ in range(1_000))


def test_relay_is_told_to_close_a_trial_once_its_time_is_over() -> None:
    alive, over, visit = trials.issue(), trials.issue(NOW), uuid4()
    reported = trials.without_trials({alive: 1, over: 1, visit: 7})
    assert reported == {over: 1, visit: 7}
    closed = documents_for("relay-1", {}, reported, lingers=lambda room: False)
    assert {each["room"] for each in closed if each["closed"]} == {str(over), str(visit)}


def test_document_of_a_trial_has_one_seat_that_waits_and_names_nobody() -> None:
    room, seat = trials.issue(), uuid4()
    document = trials.document(room, [seat])
    assert document["seats"] == [{"seat": str(seat), "active": False, "may": ["audio"], "figures": False}]
    assert set(document) == {"room", "version", "closed", "seats", "recording"}
    assert trials.document(room)["closed"]
