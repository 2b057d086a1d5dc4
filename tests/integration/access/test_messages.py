"""Generated from the table of messages: every message on every visit's socket, said by every role.

Who may not be on a socket gets one answer whatever they say, the same as for a visit that does not exist.
"""

import base64
import uuid
from typing import Any

import pytest

from accounts.policy import Relation, may, policies_of
from accounts.roles import Role
from consults.models import Seat
from signaling.messages import FIGURES, client_messages
from tests.integration.access.world import WHO, Objects, World, relation, world
from tests.integration.signaling.conftest import own_layer, pages  # noqa: F401  fixtures that every test here uses
from tests.integration.signaling.house import UNLIMITED, Page, do, sockets

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = client_messages("visit")
ANY = str(uuid.uuid4())
SAID: dict[str, dict[str, Any]] = {
    "hello": {"protocol": 1, "tab": ANY, "chat_seq": 0},
    "ping": {"n": 1},
    "pong": {"n": 1},
    "connect": {},
    "answer": {"connection": ANY, "offer": 1, "sdp": "v=0"},
    "restart-ice": {"connection": ANY},
    "media": {"mic": True, "camera": False},
    "share": {"on": True},
    "still": {"jpeg": base64.b64encode(b"\xff\xd8\xff").decode()},
    "chat": {"client_id": ANY, "body": "hi"},
    "chat-since": {"seq": 0},
    "leave": {},
}


def headers_of(world: World) -> list[tuple[bytes, bytes]]:
    jar = "; ".join(f"{name}={morsel.value}" for name, morsel in world.client.cookies.items())
    return [(b"cookie", jar.encode())] if jar else []


def paths_of(objects: Objects) -> dict[str, str]:
    """Both ways to a visit's socket, by the name that the route gives the object."""
    return {"link": f"/v/{objects.link.uuid}/ws", "visit": f"/staff/visits/{objects.visit.uuid}/ws"}


def is_allowed(world: World, name: str, objects: Objects, action: str) -> bool:
    if name == "visit" and world.actor.link_id is not None:
        return False  # a link's session counts under its own path only
    return may(world.actor, action, relation(world.actor, name, objects))


def test_every_message_of_a_client_is_said_here() -> None:
    assert set(SAID) == set(ROWS)


async def heard(page: Page) -> tuple[list[dict[str, Any]], int]:
    code = await page.closed()
    return page.heard, code


@pytest.mark.parametrize("who", WHO)
async def test_who_may_not_be_here_gets_one_answer_to_every_message(who: str) -> None:
    built = await do(world, who)
    app, headers = sockets(limits=UNLIMITED), headers_of(built)
    absent = [Page(app, f"/v/{uuid.uuid4()}/ws", headers), Page(app, f"/staff/visits/{uuid.uuid4()}/ws", headers)]
    answers = [await heard(await page.open()) for page in absent]
    assert answers[0] == answers[1]
    assert ([message["code"] for message in answers[0][0]], answers[0][1]) == (["not_found"], 4003)
    refused = 0
    for objects in built.visits.values():
        for name, path in paths_of(objects).items():
            if any(is_allowed(built, name, objects, str(row.action)) for row in ROWS.values()):
                continue
            page = await Page(app, path, headers).open()
            for kind, fields in SAID.items():
                await page.say(kind, **fields)
            assert await heard(page) == answers[0]
            refused += 1
    in_one_visit = (Role.PATIENT, Role.GUEST, Role.RELATED_PERSON, Role.PRACTITIONER)
    assert refused == (5 if who in in_one_visit else 6)
    assert await do(Seat.objects.count) == 0


@pytest.mark.parametrize("who", [Role.PATIENT, Role.GUEST, Role.PRACTITIONER])
async def test_who_may_be_here_is_answered_to_every_message(who: str) -> None:
    built = await do(world, who)
    name, own = ("visit" if who == Role.PRACTITIONER else "link"), built.visits["own"]
    assert {row.type for row in ROWS.values() if not is_allowed(built, name, own, str(row.action))} == set()
    page = await Page(sockets(limits=UNLIMITED), paths_of(own)[name], headers_of(built)).open()
    for kind, fields in SAID.items():
        await page.say(kind, **fields)
    await page.say("ping", n=77)
    await page.hear("pong", lambda message: message["n"] == 77)
    # The visit has not begun, so nobody sits; but nothing here is denied to exist.
    assert {m["code"] for m in page.heard if m["type"] == "error"} <= {"no_seat", "visit.no_seat", "visit.not_open"}


@pytest.mark.parametrize("who", WHO)
async def test_trial_of_the_line_is_for_who_came_by_that_link_alone(who: str) -> None:
    built = await do(world, who)
    app, headers = sockets(limits=UNLIMITED), headers_of(built)
    absent = await heard(await Page(app, f"/v/{uuid.uuid4()}/trial/ws", headers).open())
    assert ([message["code"] for message in absent[0]], absent[1]) == (["not_found"], 4003)
    for objects in built.visits.values():
        page = await Page(app, f"/v/{objects.link.uuid}/trial/ws", headers).open()
        for kind, row in client_messages("trial").items():
            assert row.action is not None
            await page.say(kind, **SAID[kind])
        if relation(built.actor, "link", objects) is Relation.OWN and built.actor.link_id is not None:
            await page.say("ping", n=77)
            await page.hear("pong", lambda message: message["n"] == 77)
            # No relay is linked here: that is said, and nothing is denied to exist.
            assert {m["code"] for m in page.heard if m["type"] == "error"} == {"unknown_connection"}
        else:
            assert await heard(page) == absent


def test_figures_are_for_the_practitioner_of_the_visit_alone() -> None:
    [row] = policies_of(FIGURES)
    assert (row.roles, row.relations) == ({Role.PRACTITIONER}, {Relation.OWN})
