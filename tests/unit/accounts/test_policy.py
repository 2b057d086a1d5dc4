"""The policy table: closed by default, allowed by a row, denied without it."""

import pytest

from accounts import policy
from accounts.actors import ANONYMOUS, Actor, system_actor
from accounts.policy import PUBLIC, Policy, Relation, may, may_ever, require
from accounts.roles import STAFF, Role
from core.errors import NotFound


def actor_with(*roles: Role) -> Actor:
    return Actor("user", 1, "Somebody", 1, frozenset(roles), "session")


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with only the rows of these tests."""
    monkeypatch.setattr(policy, "_table", {})
    monkeypatch.setattr(policy, "_routes", {})
    policy.declare(
        Policy("thing.read", {Role.PRACTITIONER}, {Relation.OWN, Relation.SAME_CLINIC}),
        Policy("thing.read", {Role.PATIENT}, {Relation.OWN}),
        Policy("thing.list", STAFF),
        Policy("thing.never", ()),
        Policy("page.see", PUBLIC),
    )


@pytest.mark.parametrize(
    ("role", "relation", "expected"),
    [
        (Role.PRACTITIONER, Relation.OWN, True),
        (Role.PRACTITIONER, Relation.SAME_CLINIC, True),
        (Role.PRACTITIONER, Relation.OTHER_CLINIC, False),
        (Role.PRACTITIONER, Relation.NONE, False),
        (Role.PATIENT, Relation.OWN, True),
        (Role.PATIENT, Relation.SAME_CLINIC, False),
        (Role.FRONT_DESK, Relation.OWN, False),
    ],
)
def test_may_by_role_and_relation_is_what_a_row_says(role: Role, relation: Relation, expected: bool) -> None:
    assert may(actor_with(role), "thing.read", relation) is expected


@pytest.mark.parametrize("role", list(Role))
def test_may_on_an_undeclared_action_is_no_for_every_role(role: Role) -> None:
    assert not may(actor_with(role), "thing.unheard-of")
    assert not may_ever(actor_with(role), "thing.unheard-of")
    assert not may(actor_with(role), "thing.never")


def test_may_on_a_public_action_is_yes_for_strangers() -> None:
    assert may(ANONYMOUS, "page.see")
    assert not may(ANONYMOUS, "thing.list")


def test_may_for_the_system_is_yes_where_declared() -> None:
    system = system_actor("seed", None)
    assert may(system, "thing.never")
    assert not may(system, "thing.unheard-of")


def test_require_without_a_row_raises_the_error_of_what_is_absent() -> None:
    require(actor_with(Role.PRACTITIONER), "thing.read", Relation.OWN)
    with pytest.raises(NotFound) as caught:
        require(actor_with(Role.FRONT_DESK), "thing.read", Relation.OWN)
    assert caught.value.as_dict() == NotFound().as_dict()


def test_route_without_a_declaration_has_no_action() -> None:
    policy.declare_route("their_page", PUBLIC)
    assert policy.action_of_route("their_page", print) == "route.their_page"
    assert policy.action_of_route("other_page", print) is None
    assert policy.action_of_route(None, policy.guarded("thing.list")(print)) == "thing.list"
    assert policy.action_of_route(None, policy.guarded("thing.unheard-of")(print)) is None


def test_same_row_declared_twice_counts_once() -> None:
    before = policy.all_policies()
    policy.declare(Policy("thing.list", STAFF))
    assert policy.all_policies() == before
