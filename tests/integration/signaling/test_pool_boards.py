"""A line that several practitioners share reaches every member's board, and each other's claim at once."""

from typing import Any

import pytest

from consults import services
from consults.models import Queue
from consults.services.pools import save_pool
from consults.services.queues import stand_in_pool
from signaling.limits import Timing
from tests import factories as make
from tests.integration.signaling.house import Page, Visit, do, signed_in, sockets

pytestmark = pytest.mark.django_db(transaction=True)

# So slow to look by itself that only hints can be what moves a board.
QUIET = Timing(minutes_every=60, ping_every=60)


async def test_change_in_a_shared_line_reaches_every_members_board(visit: Visit, doctor: Any) -> None:
    colleague = await do(make.make_practitioner, visit.encounter.organization)
    own = await do(lambda: services.open_queue(actor=make.practitioner_actor(colleague), practitioner=colleague))
    pool = await do(make.make_pool, visit.encounter.practitioner, colleague)
    uuid = visit.queue.uuid
    await do(stand_in_pool, make.SYSTEM, visit.encounter, pool)
    app = sockets(timing=QUIET)
    queue = await do(Queue.objects.get, pool=pool)
    theirs = await do(signed_in, colleague.user)
    boards = [
        await Page(app, f"/staff/queue/{board}/ws", headers).open()
        for board, headers in (
            (uuid, doctor),
            (own.uuid, theirs),
            (queue.uuid, theirs),
        )
    ]
    for board in boards:
        await board.hear("queue")
    await do(visit.arrive)
    for board in boards:
        heard = await board.hear("queue", lambda m: m["waiting"] == 1)
        assert visit.encounter.patient.full_name in heard["html"]
    await do(lambda: services.call_next(actor=make.practitioner_actor(colleague), queue=own))
    assert "With you now" not in (await boards[0].hear("queue", lambda m: m["waiting"] == 0))["html"]
    assert "With you now" in (await boards[1].hear("queue", lambda m: m["waiting"] == 0))["html"]
    assert colleague.short_name in (await boards[2].hear("queue", lambda m: m["waiting"] == 0))["html"]


async def test_board_of_a_new_member_shows_the_line_and_hears_of_it(visit: Visit, doctor: Any) -> None:
    colleague = await do(make.make_practitioner, visit.encounter.organization)
    own = await do(lambda: services.open_queue(actor=make.practitioner_actor(colleague), practitioner=colleague))
    pool = await do(make.make_pool, visit.encounter.practitioner)
    await do(stand_in_pool, make.SYSTEM, visit.encounter, pool)
    board = await Page(sockets(timing=QUIET), f"/staff/queue/{own.uuid}/ws", await do(signed_in, colleague.user)).open()
    await board.hear("queue")
    both = make.pool_terms(visit.encounter.practitioner, colleague, name=pool.name)
    await do(lambda: save_pool(actor=make.SYSTEM, organization=pool.organization, terms=both, pool=pool))
    await board.hear("queue", lambda m: visit.encounter.patient.full_name in m["html"])
    await do(visit.arrive)
    await board.hear("queue", lambda m: m["waiting"] == 1)
