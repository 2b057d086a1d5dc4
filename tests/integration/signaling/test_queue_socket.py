"""The queue socket: who may watch, one rendering for all who watch, and when a board is sent again."""

import asyncio
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import RoleAssignment, User
from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from scheduling import links
from scheduling.services import book_appointment
from signaling import boards
from signaling.limits import Timing
from tests.factories import SYSTEM, make_patient, make_practitioner, make_user
from tests.integration.signaling.house import PATIENCE, UNLIMITED, Page, Visit, cookie, do, signed_in, sockets

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that a board is rendered."""
    made: list[int] = []
    render = boards.render

    def counted(*args: Any) -> boards.Rendered:
        rendered = render(*args)
        made.append(rendered.message.version)
        return rendered

    monkeypatch.setattr(boards, "render", counted)
    return made


async def test_board_comes_at_once_and_after_each_change(visit: Visit, app: Any, doctor: Any) -> None:
    board = await visit.board(app, headers=doctor).open()
    first = await board.hear("queue")
    assert first["waiting"] == 0
    assert visit.encounter.patient.full_name in first["html"]
    await do(visit.arrive)
    changed = await board.hear("queue", lambda m: m["waiting"] == 1)
    assert changed["version"] > first["version"]
    await do(visit.admit)
    assert (await board.hear("queue", lambda m: m["waiting"] == 0))["version"] > changed["version"]


async def test_board_holds_no_csrf_token(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.arrive)
    board = await (await visit.board(app, headers=doctor).open()).hear("queue")
    assert "<form" in board["html"]
    # The field, so that it is of one shape with the board of the page, and in it nobody's token.
    assert set(re.findall(r"csrf[^>]*", board["html"])) == {'csrfmiddlewaretoken" value=""'}


async def test_queue_is_open_to_its_practitioner_and_the_desk_only(visit: Visit, app: Any, doctor: Any) -> None:
    clinic = visit.encounter.organization
    for user in (visit.desk, await do(make_user, clinic, Role.SCHEDULER)):
        board = await visit.board(app, headers=await do(signed_in, user)).open()
        assert (await board.next())["type"] == "queue"
    colleague = (await do(make_practitioner, clinic)).user
    stranger = await do(make_user, None, Role.FRONT_DESK)
    privacy = await do(make_user, clinic, Role.PRIVACY_OFFICER)
    patient = cookie(links.COOKIE_NAME, links.session_cookie_for(visit.link))
    refused = [visit.board(app, headers=await do(signed_in, user)) for user in (colleague, stranger, privacy)]
    refused += [visit.board(app, headers=headers) for headers in ([], patient)]
    refused += [Page(app, f"/staff/queue/{uuid.uuid4()}/ws", doctor)]
    for page in refused:
        await page.open()
        assert (await page.next())["code"] == "not_found"
        assert await page.closed() == 4003


async def test_one_rendering_is_fanned_out_to_all(visit: Visit, app: Any, doctor: Any, renderings: list[int]) -> None:
    desk = await do(signed_in, visit.desk)
    watching = [await visit.board(app, headers=headers).open() for headers in (doctor, doctor, desk, desk)]
    for board in watching:
        await board.hear("queue")
    renderings.clear()
    await do(visit.arrive)
    heard = [await board.hear("queue", lambda m: m["waiting"] == 1) for board in watching]
    assert all(board == heard[0] for board in heard)
    assert len(renderings) == 1


async def test_changes_at_the_same_moment_are_one_rendering(visit: Visit, doctor: Any, renderings: list[int]) -> None:
    board = await visit.board(sockets(timing=Timing(coalesce=0.5)), headers=doctor).open()
    await board.hear("queue")
    renderings.clear()

    def busy() -> None:
        visit.arrive()
        visit.admit()

    await do(busy)
    await board.hear("queue", lambda m: "With you now" in m["html"])
    assert len(renderings) == 1


async def test_minutes_are_sent_again_and_nothing_is_when_they_are_the_same(
    visit: Visit, doctor: Any, renderings: list[int]
) -> None:
    await do(visit.arrive)
    await visit.patient_page(sockets()).enter()
    board = await visit.board(sockets(timing=Timing(minutes_every=0.02), limits=UNLIMITED), headers=doctor).open()
    first = await board.hear("queue")
    while len(renderings) < 4:
        await board.say("ping", n=len(renderings))
        await board.hear("pong")
    assert [m["type"] for m in board.heard if m["type"] == "queue"] == ["queue"]
    earlier = now() - timedelta(minutes=7)
    await do(Encounter.objects.filter(pk=visit.encounter.pk).update, arrived_at=earlier)
    again = await board.hear("queue")
    assert again["version"] == first["version"]
    assert re.search(r"\b7\b.{0,9}\s*min", again["html"])
    assert not re.search(r"\b7\b.{0,9}\s*min", first["html"])


async def test_lost_role_closes_the_board_by_the_next_heartbeat(visit: Visit) -> None:
    headers = await do(signed_in, visit.desk)
    board = await visit.board(sockets(timing=Timing(ping_every=0.1)), headers=headers).open()
    await board.hear("queue")
    await do(RoleAssignment.objects.filter(user=visit.desk).delete)
    assert (await board.refused())["code"] == "not_found"
    assert await board.closed() == 4003


async def test_lost_permission_is_found_by_the_next_message(visit: Visit) -> None:
    headers = await do(signed_in, visit.desk)
    board = await visit.board(sockets(timing=Timing(touch_every=0)), headers=headers).open()
    await board.hear("queue")
    await do(User.objects.filter(pk=visit.desk.pk).update, is_active=False)
    await board.say("ping", n=1)
    assert await board.closed() == 4003


async def test_board_goes_on_for_others_when_the_first_loses_its_permission(
    visit: Visit, app: Any, doctor: Any
) -> None:
    leaving = await visit.board(app, headers=await do(signed_in, visit.desk)).open()
    await leaving.hear("queue")
    staying = await visit.board(app, headers=doctor).open()
    await staying.hear("queue")
    await do(User.objects.filter(pk=visit.desk.pk).update, is_active=False)
    await do(visit.arrive)
    assert (await staying.hear("queue", lambda m: m["waiting"] == 1))["waiting"] == 1


async def test_patient_on_the_board_is_audited_for_everyone_who_watches(visit: Visit, app: Any, doctor: Any) -> None:
    desk = await do(signed_in, visit.desk)
    watching = [await visit.board(app, headers=headers).open() for headers in (doctor, desk)]
    for board in watching:
        await board.hear("queue")
    patient = await do(make_patient, visit.encounter.organization)
    start = now() + timedelta(hours=1)
    await do(
        book_appointment,
        actor=SYSTEM,
        patient=patient,
        practitioner=visit.encounter.practitioner,
        starts_at=start,
        ends_at=start + timedelta(minutes=20),
        timezone="UTC",
    )
    for board in watching:
        await board.hear("queue", lambda m: patient.full_name in m["html"])

    def viewers() -> set[int | None]:
        views = AuditEvent.objects.filter(action="view", patient_id=patient.pk)
        return set(views.values_list("actor_id", flat=True))

    assert await do(viewers) == {visit.doctor.pk, visit.desk.pk}


async def test_message_of_the_visit_socket_is_unknown_here(visit: Visit, app: Any, doctor: Any) -> None:
    board = await visit.board(app, headers=doctor).open()
    await board.say("hello", protocol=1, tab=str(uuid.uuid4()), chat_seq=0)
    assert (await board.refused())["code"] == "unknown_type"
    await board.say("ping", n=3)
    assert (await board.hear("pong"))["n"] == 3


async def test_rendering_that_fails_leaves_the_socket_open(
    visit: Visit, app: Any, doctor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    with monkeypatch.context() as patch:
        patch.setattr(boards, "TEMPLATE", "no/such/template.html")
        patch.setattr(boards.log, "exception", lambda _: failed.set())
        board = await visit.board(app, headers=doctor).open()
        async with asyncio.timeout(PATIENCE):
            await failed.wait()
        await board.say("ping", n=1)
        await board.hear("pong")
    await do(visit.arrive)
    assert (await board.hear("queue"))["waiting"] == 1
