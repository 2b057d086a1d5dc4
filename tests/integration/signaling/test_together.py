"""Many patients' sockets are answered at once: each by their own right, with statements that do not grow with them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import get_language

from consults.models import Encounter, Seat
from core.clock import now
from core.errors import NotFound
from core.ids import new_uuid
from recordings.keystore import create_clinic_key
from scheduling import links
from scheduling.models import PersonalLink
from signaling import lines, together
from signaling.visits import Ask, Door, View
from tests.factories import (
    answer_recording,
    make_organization,
    make_practitioner,
    make_visit,
    make_waiting_visit,
    patient_actor,
)
from tests.integration.signaling.house import cookie

pytestmark = pytest.mark.django_db


def ask_of(visit: Encounter, **more: object) -> Ask:
    link = visit.appointment.links.get()
    headers = cookie(links.COOKIE_NAME, links.session_cookie_for(link))
    return Ask(Door({"path": f"/v/{link.uuid}/ws", "headers": headers}, None), new_uuid(), **more)  # type: ignore[arg-type]


def line_of(count: int) -> list[Encounter]:
    """Who waits for one practitioner; nobody has opened their page yet."""
    practitioner = make_practitioner(make_organization(timezone="America/Chicago"))
    visits = [make_waiting_visit(practitioner=practitioner, **minute(number)) for number in range(count)]
    Seat.objects.all().update(left_at=None, connected=False)
    return visits


def minute(number: int) -> dict[str, Any]:
    """One visit behind the other."""
    return {"starts_at": now() + timedelta(minutes=1 + number), "lasts": timedelta(minutes=1)}


def hellos(visits: list[Encounter]) -> list[Ask]:
    return [ask_of(visit, tab=new_uuid(), is_hello=True) for visit in visits]


def views(asks: list[Ask]) -> list[View]:
    found = together.answers(asks)
    assert all(isinstance(one, View) for one in found), found
    return [one for one in found if isinstance(one, View)]


def looks(asks: list[Ask]) -> list[Ask]:
    """The heartbeat of those who have said hello by these."""
    return [replace(ask, seat=view.seat, is_hello=False) for ask, view in zip(asks, views(asks), strict=True)]


def statements(asks: list[Ask], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(lines, "_next_for_all", float("inf"))
    together.answers(asks)  # what is told of the wait is reckoned once for the line
    with CaptureQueriesContext(connection) as asked:
        together.answers(asks)
    return len(asked)


def test_connects_and_heartbeats_of_a_line_cost_the_same_statements_for_two_and_for_eight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few, many = hellos(line_of(2)), hellos(line_of(8))
    assert statements(few, monkeypatch) == statements(many, monkeypatch) <= 24
    assert statements(looks(few), monkeypatch) == statements(looks(many), monkeypatch) <= 11
    first = [replace(ask, tab=None, is_hello=False) for ask in many]
    assert statements(first, monkeypatch) <= 8


def test_heartbeats_where_the_clinic_records_cost_one_statement_more_however_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few, many = line_of(2), line_of(8)
    for visit in (few[0], many[0]):
        create_clinic_key(visit.organization.uuid)
    asks = hellos(few), hellos(many)
    assert statements(looks(asks[0]), monkeypatch) == statements(looks(asks[1]), monkeypatch) <= 12


def test_each_is_shown_their_own_answer_about_a_recording_and_nobody_elses() -> None:
    visits = line_of(3)
    create_clinic_key(visits[0].organization.uuid)
    asks = looks(hellos(visits))
    answer_recording(visits[1], patient_actor(visits[1].appointment))
    assert [view.visit["recording"]["mine"] for view in views(asks)] == ["unasked", "permit", "unasked"]
    assert [view.visit["recording"]["agreed"] for view in views(asks)] == [0, 1, 0]


def test_each_is_shown_their_own_visit_and_place_and_nobody_elses() -> None:
    visits = line_of(3)
    for place, (visit, view) in enumerate(zip(visits, views(hellos(visits)), strict=True), start=1):
        assert (view.actor.patient_id, view.visit["id"]) == (visit.patient_id, str(visit.uuid))
        assert view.visit["line"] == {"position": place, "waiting": 3, "now": False}
        assert [(seat["you"], seat["connected"]) for seat in view.visit["seats"]] == [(True, True)]
        others = [one.patient for one in visits if one.pk != visit.pk]
        assert not any(one.family_name in str(view.visit) for one in others)
        assert view.visit["version"] == Encounter.objects.get(pk=visit.pk).room_version


def test_a_revoked_link_among_many_loses_its_socket_alone() -> None:
    asks = looks(hellos(line_of(3)))
    path = str(asks[1].door.scope["path"])
    PersonalLink.objects.filter(uuid=path.split("/")[2]).update(revoked_at="2026-01-01T00:00Z")
    first, refused, last = together.answers(asks)
    assert isinstance(refused, NotFound)
    assert isinstance(first, View)
    assert isinstance(last, View)
    assert isinstance(together.answers([asks[1]])[0], NotFound)


def test_a_renewed_link_and_another_ones_cookie_open_nothing() -> None:
    one, other, third = hellos(line_of(3))
    PersonalLink.objects.filter(uuid=str(one.door.scope["path"]).split("/")[2]).update(generation=2)
    mixed = Door({**other.door.scope, "headers": third.door.scope["headers"]}, None)
    answers = together.answers([one, replace(other, door=mixed), third])
    assert [isinstance(answer, NotFound) for answer in answers] == [True, True, False]


def test_who_has_lost_the_seat_to_another_tab_is_told_so() -> None:
    asks = hellos(line_of(2))
    beats = looks(asks)
    views([replace(asks[0], holder=new_uuid(), tab=new_uuid())])
    lost, kept = views(beats)
    assert lost.taken
    assert not kept.taken
    assert lost.seat is None
    assert kept.seat is not None


def test_who_is_at_the_door_watches_and_takes_no_seat() -> None:
    [visit] = line_of(1)
    early = make_visit(practitioner=visit.practitioner, **minute(1))
    waiting, watching = views(hellos([visit, early]))
    assert waiting.seat is not None
    assert watching.seat is None
    assert not Seat.objects.filter(encounter=early).exists()


def test_each_is_told_in_their_own_language(monkeypatch: pytest.MonkeyPatch) -> None:
    asks = hellos(line_of(2))
    spoken: dict[int | None, str | None] = {}
    real = together.snapshot_of

    def noted(actor: Any, *args: Any) -> dict[str, Any]:
        spoken[actor.patient_id] = get_language()
        return real(actor, *args)

    monkeypatch.setattr(together, "snapshot_of", noted)
    found = views([replace(asks[0], language="es"), replace(asks[1], language="de")])
    assert [spoken[view.actor.patient_id] for view in found] == ["es", "de"]


def test_who_is_heard_again_after_a_silence_is_there_for_everybody_and_keeps_the_seat() -> None:
    beats = looks(hellos(line_of(2)))
    Seat.objects.update(last_seen_at=now() - timedelta(seconds=20))
    before = {one.pk: one.room_version for one in Encounter.objects.all()}
    found = views(beats)
    assert all(view.visit["seats"][0]["connected"] for view in found)
    assert all(one.room_version == before[one.pk] + 1 for one in Encounter.objects.all())
    assert all(seat.last_seen_at > now() - timedelta(seconds=5) for seat in Seat.objects.all())


def test_who_has_left_meanwhile_is_not_brought_back_by_a_late_heartbeat() -> None:
    beats = looks(hellos(line_of(2)))
    Seat.objects.update(last_seen_at=now() - timedelta(seconds=20), left_at=now(), connected=False, holder=None)
    assert [view.seat for view in views(beats)] == [None, None]
    assert not Seat.objects.filter(left_at=None).exists()
