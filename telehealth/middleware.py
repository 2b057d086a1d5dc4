"""Middleware of the project: response headers, requests in turn, the rendering of errors. Who acts is in accounts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from csp.middleware import CSPMiddleware
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin
from django_permissions_policy import PermissionsPolicyMiddleware

from core.errors import HousecallError, NotFound
from core.http import forbid_storing
from telehealth.views import error_response, refused, unreadable

AT_ONCE = 8
"""Requests that work at the same time; fewer than the pool has connections, which sockets and jobs need too."""

UNGATED = frozenset({"/healthz", "/readyz"})
"""Whoever watches the house is answered however long the line is."""

MEDIA_PAGES = ("/v/", "/staff/")
"""Where a visit is held or prepared: only these pages may ask for camera and microphone."""

_DENIED = (
    "accelerometer", "browsing-topics", "display-capture", "geolocation", "gyroscope", "hid",
    "idle-detection", "local-fonts", "magnetometer", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_CLOSED: dict[str, Any] = {feature: [] for feature in (*_DENIED, "camera", "microphone")}
_OPEN: dict[str, Any] = {**{feature: [] for feature in _DENIED}, "camera": "self", "microphone": "self"}


class HeadersMiddleware:
    """Outermost: the headers that every answer carries, static files included."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        compute = PermissionsPolicyMiddleware.compute_header_value
        self.closed = compute(_CLOSED, name="permissions of ordinary pages")
        self.open = compute(_OPEN, name="permissions of visit pages")
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._answer(request)
        return self._with_headers(request, self.get_response(request))

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        return self._with_headers(request, await self.get_response(request))

    def _with_headers(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_media = request.path_info.startswith(MEDIA_PAGES)
        response.headers["Permissions-Policy"] = self.open if is_media else self.closed
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if request.method == "POST" and request.resolver_match and request.resolver_match.url_name == "account_logout":
            response.headers["Clear-Site-Data"] = '"cache"'
        # Static files say how long they keep; every page that says nothing is not kept at all.
        return forbid_storing(response)


class _OnTheLoop(MiddlewareMixin):
    """Reads and writes headers only, and does so where it stands: Django's way hops to the thread and back for each."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        ask, answer = getattr(self, "process_request", None), getattr(self, "process_response", None)
        response = (ask(request) if ask else None) or await self.get_response(request)  # type: ignore[misc]
        return answer(request, response) if answer else response


class PromptSecurityMiddleware(_OnTheLoop, SecurityMiddleware):
    """Django's."""


class PromptXFrameOptionsMiddleware(_OnTheLoop, XFrameOptionsMiddleware):
    """Django's."""


class PromptCSPMiddleware(_OnTheLoop, CSPMiddleware):
    """django-csp's."""


class LanguageMiddleware(_OnTheLoop, LocaleMiddleware):
    """Speaks what the reader chose (telehealth.language), else what their browser asks for, else English."""


class GateMiddleware:
    """Lets so many requests at a time work; the others wait here in order, without a thread or a connection.

    More at once make nobody faster: two hundred at one moment would otherwise wait for the pool's 16 connections (and
    some in vain), or all try again and again for SQLite's one lock. What streams afterwards is outside the gate.
    """

    # Where the request leaves the event loop: all that is further in runs in one thread (telehealth.handler).
    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        # A semaphore belongs to the loop that it was first waited for in; tests have several.
        self.gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in UNGATED:
            return await self.get_response(request)
        gate = self.gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
        async with gate:
            return await self.get_response(request)


class ErrorsMiddleware:
    """Turns the errors of services and selectors into a page or JSON; absent and refused look the same."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Http404):
            exception = NotFound()
        elif isinstance(exception, PermissionDenied):
            exception = refused()
        elif isinstance(exception, SuspiciousOperation):
            exception = unreadable()
        return error_response(request, exception) if isinstance(exception, HousecallError) else None
