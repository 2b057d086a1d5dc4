"""Closed by default: every route and every message a client may send has a row in the one policy table."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.policy import action_of_route, policies_of
from signaling.messages import TABLE, Direction, Row


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route that can be asked for, with its whole pattern."""
    for found in resolver.url_patterns:
        if isinstance(found, URLResolver):
            yield from routes(found, prefix + str(found.pattern))
        else:
            yield prefix + str(found.pattern), found


def test_every_route_has_a_policy() -> None:
    found = list(routes(get_resolver()))
    assert len(found) > 10
    assert [pattern for pattern, route in found if action_of_route(route.name, route.callback) is None] == []


def test_every_name_of_a_route_leads_to_one_place() -> None:
    """Of two routes with one name an address is made to the later one, whoever asks."""
    ours = [(route.name, pattern) for pattern, route in routes(get_resolver()) if route.name]
    names = [name for name, _ in ours]
    assert [each for each in ours if names.count(each[0]) > 1] == []


def test_a_view_without_policy_is_found_out() -> None:
    assert action_of_route("nobody-declared-this", lambda request: None) is None


FROM_CLIENT = [row for row in TABLE if row.direction is Direction.TO_SERVER]


@pytest.mark.parametrize("row", FROM_CLIENT, ids=lambda row: f"{row.socket}-{row.type}")
def test_client_message_has_a_policy_and_a_rate(row: Row) -> None:
    assert row.action is not None
    assert policies_of(row.action)
    assert row.rate is not None
