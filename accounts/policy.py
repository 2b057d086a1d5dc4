"""The one policy table: role x action x relation to the object. Closed: what no row allows is refused.

Each app declares its rows in its own `policies.py`; views and consumers ask here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, Final, TypeVar, cast

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from accounts.actors import Actor, is_path_actor
from core.errors import NotFound
from core.http import wants_json

V = TypeVar("V", bound=Callable[..., Any])

PUBLIC: Final[frozenset[str]] = frozenset({"public"})
"""In place of roles: anybody, signed in or not."""


class Relation(StrEnum):
    """What the actor has to do with the object; NONE where an action has no object."""

    NONE = "none"
    OWN = "own"
    SAME_VISIT = "same-visit"
    SAME_CLINIC = "same-clinic"
    OTHER_CLINIC = "other-clinic"
    ENDED = "ended"
    LEFT = "left"
    """Took part until they said that they would not come: they are told so, and nothing else."""


@dataclass(frozen=True, init=False)
class Policy:
    """One row. An action may have several: each is a way to be allowed."""

    action: str
    roles: frozenset[str]
    relations: frozenset[Relation]

    def __init__(self, action: str, roles: Iterable[str], relations: Iterable[Relation] = (Relation.NONE,)) -> None:
        object.__setattr__(self, "action", action)
        object.__setattr__(self, "roles", frozenset(roles))
        object.__setattr__(self, "relations", frozenset(relations))

    def allows_role(self, actor: Actor) -> bool:
        return self.roles == PUBLIC or bool(self.roles & actor.roles)


_table: dict[str, tuple[Policy, ...]] = {}
_routes: dict[str, str] = {}


def declare(*rows: Policy) -> None:
    """Add rows to the table; the same row twice counts once."""
    for row in rows:
        known = _table.get(row.action, ())
        if row not in known:
            _table[row.action] = (*known, row)


def declare_route(url_name: str, roles: Iterable[str]) -> None:
    """The policy of a route whose view is not ours, by its url name."""
    action = f"route.{url_name}"
    declare(Policy(action, roles))
    _routes[url_name] = action


def all_policies() -> tuple[Policy, ...]:
    return tuple(row for rows in _table.values() for row in rows)


def policies_of(action: str) -> tuple[Policy, ...]:
    return _table.get(action, ())


def action_of_route(url_name: str | None, view: Callable[..., Any]) -> str | None:
    """The action that a resolved route stands for; None means that nobody has declared one."""
    action = getattr(view, "policy_action", None) or _routes.get(url_name or "")
    return action if action in _table else None


def may(actor: Actor, action: str, relation: Relation = Relation.NONE) -> bool:
    """Whether a row allows it. The system itself, which is never made from a request, may do what is declared."""
    if actor.type == "system":
        return action in _table
    return any(relation in row.relations and row.allows_role(actor) for row in policies_of(action))


def may_ever(actor: Actor, action: str) -> bool:
    """Whether some relation to some object would allow it: the part that is known before the object is."""
    return any(row.allows_role(actor) for row in policies_of(action))


def require(actor: Actor, action: str, relation: Relation = Relation.NONE) -> None:
    """Raise the same NotFound as for what does not exist."""
    if not may(actor, action, relation):
        raise NotFound


def guarded(action: str) -> Callable[[V], V]:
    """Name a view's action and check the role part before it runs; the object's part is its selector's."""

    def decorate(view: V) -> V:
        if iscoroutinefunction(view):

            @wraps(view)
            async def async_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
                return answer_instead(request, action) or await view(request, *args, **kwargs)

            wrapped: Callable[..., Any] = async_view
        else:

            @wraps(view)
            def sync_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
                return answer_instead(request, action) or view(request, *args, **kwargs)

            wrapped = sync_view
        wrapped.policy_action = action  # type: ignore[attr-defined]
        return cast(V, wrapped)

    return decorate


def answer_instead(request: HttpRequest, action: str) -> HttpResponseBase | None:
    """None when the actor's role may go on; the sign-in page for a stranger; NotFound for anybody else."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if may_ever(actor, action):
        return None
    # Somebody who has signed in and still is nobody (no clinic, no role) would only be sent round in circles.
    is_stranger = actor.is_anonymous and not request.user.is_authenticated
    if is_stranger and not is_path_actor(request.path_info) and not wants_json(request):
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
    raise NotFound
