"""Generated from the URL map: every route, asked by every role, for what is theirs, another's, and nobody's.

What the policy table refuses must look, to the letter, like what does not exist.
"""

import itertools
import re
import uuid as uuids
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import URLPattern, get_resolver

from accounts.policy import PUBLIC, Relation, action_of_route, may, may_ever, policies_of
from tests.architecture.test_policies import routes
from tests.integration.access.world import WHO, Objects, World, relation, world

pytestmark = pytest.mark.django_db

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
STATIC = [(pattern, route) for pattern, route in routes(get_resolver()) if not PARAMETER.findall(pattern)]
BY_OBJECT = [(pattern, route) for pattern, route in routes(get_resolver()) if PARAMETER.findall(pattern)]
METHODS = ("get", "post")


@dataclass(frozen=True)
class Answer:
    """An answer with everything taken out that names the object asked for."""

    status: int
    location: str
    body: bytes


def _answer(world: World, method: str, pattern: str, uuids_by_name: dict[str, uuids.UUID]) -> Answer:
    path = "/" + PARAMETER.sub(lambda found: str(uuids_by_name[found[1]]), pattern)
    with transaction.atomic():
        response: HttpResponse = getattr(world.client, method)(path)
        transaction.set_rollback(True)
    # Media are not read here: that an answer streams is enough to tell it from what does not exist.
    content = b"media" if response.streaming else response.content
    body, location = TOKEN.sub(b"", content), response.get("Location", "")
    for uuid in uuids_by_name.values():
        body = body.replace(str(uuid).encode(), b"-").replace(uuid.hex.encode(), b"-")
        location = location.replace(str(uuid), "-")
    return Answer(response.status_code, location, body)


def _is_public(route: URLPattern) -> bool:
    action = action_of_route(route.name, route.callback)
    assert action is not None
    return any(policy.roles == PUBLIC for policy in policies_of(action))


def _is_allowed(world: World, route: URLPattern, objects: dict[str, Objects]) -> bool:
    action = action_of_route(route.name, route.callback)
    assert action is not None
    # Under a link's path the staff session is ignored: staff are strangers there.
    if "link" in objects and world.actor.link_id is None:
        return False
    # Of two objects in one address both must be yours, and belong together.
    is_one_visit = len({id(each) for each in objects.values()}) == 1
    name, each = list(objects.items())[-1]
    return (is_one_visit and may(world.actor, action, relation(world.actor, name, each))) or may(world.actor, action)


def _faults(world: World, pattern: str, route: URLPattern, method: str) -> list[str]:
    names = PARAMETER.findall(pattern)
    nothing = _answer(world, method, pattern, {name: uuids.uuid4() for name in names})
    # Below one's own link stands what does not exist there; below another's link nothing does.
    below = nothing
    if len(names) > 1 and "link" in names and world.actor.link_id is not None:
        own = {"link": world.visits["own"].link.uuid}
        below = _answer(world, method, pattern, {**{name: uuids.uuid4() for name in names}, **own})
    faults = []
    for chosen in itertools.product(world.visits.items(), repeat=len(names)):
        # Of three names two belong together: what is another's is another's, whichever of them it is.
        if len(names) > 2 and chosen[-1] not in chosen[:-1] and chosen[0] != chosen[1]:
            continue
        objects = {name: each for name, (_, each) in zip(names, chosen, strict=True)}
        is_below_own = "link" in objects and relation(world.actor, "link", objects["link"]) is Relation.OWN
        absent = below if is_below_own else nothing
        found = _answer(world, method, pattern, {name: each.uuid(name) for name, each in objects.items()})
        public = _is_public(route)
        own = relation(world.actor, names[-1], objects[names[-1]]) is Relation.OWN
        # What everybody may ask for tells a stranger nothing: not even that the object exists.
        allowed = own if public else _is_allowed(world, route, objects)
        told = f"{method} {pattern} of {[whose for whose, _ in chosen]}: {found.status} {found.location}"
        if found.status >= 500:
            faults.append(f"{told} fails")
        elif allowed and found.status == 404 and not public:
            faults.append(f"{told} is refused although the table allows it")
        elif not allowed and found != absent:
            faults.append(f"{told} differs from what does not exist: {absent.status} {absent.location}")
        elif not allowed and not public and found.status not in {302, 404, 405}:
            faults.append(f"{told} is answered although the table refuses it")
    return faults


@pytest.mark.parametrize("who", WHO)
def test_object_that_is_not_yours_looks_like_one_that_does_not_exist(who: str) -> None:
    assert BY_OBJECT
    built = world(who)
    faults = [
        fault for pattern, route in BY_OBJECT for method in METHODS for fault in _faults(built, pattern, route, method)
    ]
    assert faults == []


@pytest.mark.parametrize("who", WHO)
def test_page_without_object_opens_for_the_roles_of_its_policy_only(who: str) -> None:
    built = world(who)
    faults = []
    for pattern, route in STATIC:
        if pattern in {"readyz", "metrics"}:
            continue  # 503 where no relay is linked, to everybody; and nothing to whoever does not know the token
        action = action_of_route(route.name, route.callback)
        assert action is not None
        # A patient's session counts under their link only; elsewhere they are a stranger.
        actor = built.actor
        allowed = may_ever(actor, action) and (actor.link_id is None or may_ever(world("anonymous").actor, action))
        with transaction.atomic():
            status = built.client.get(f"/{pattern}").status_code
            transaction.set_rollback(True)
        if (status == 404) if allowed else (status not in {302, 404}):
            faults.append(f"/{pattern}: {status}, allowed: {allowed}")
    assert faults == []
