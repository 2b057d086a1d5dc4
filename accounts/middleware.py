"""Puts the actor on the request and closes every view without a policy. Rules live in policy, pages in telehealth."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import get_resolver
from django.utils.functional import SimpleLazyObject

from accounts import policy
from accounts.actors import Actor, actor_for_request

log = structlog.get_logger(__name__)


class ActorMiddleware:
    """Sets `request.actor` (an Actor) before the view runs, synchronous or not."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        request.actor = SimpleLazyObject(lambda: actor_for_request(request))  # type: ignore[attr-defined]
        response: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Runs in a thread under ASGI, so this is where the database is read; an async view finds the actor ready."""
        match = request.resolver_match
        action = policy.action_of_route(match.url_name if match else None, view)
        if action is None:
            log.error("view_without_policy", route=match.route if match else "")
            return not_found(request)
        if getattr(view, "without_actor", False):
            return None
        actor: Actor = actor_for_request(request)
        request.actor = actor  # type: ignore[attr-defined]
        return None


def not_found(request: HttpRequest) -> HttpResponseBase:
    """The project's own page for what is absent. Raising would not do: process_view's errors reach no middleware."""
    return get_resolver().resolve_error_handler(404)(request, Http404())  # type: ignore[call-arg]
