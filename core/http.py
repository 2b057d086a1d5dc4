"""Small helpers around requests and responses that every page needs. No domain word."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

V = TypeVar("V", bound=Callable[..., Any])


def forbid_storing(response: HttpResponseBase) -> HttpResponseBase:
    """Set `Cache-Control: no-store` unless the response has said something of its own."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def speak_as_on_file(request: HttpRequest, response: HttpResponseBase, language: str) -> None:
    """From now on in this person's language, where it is not the usual one and nobody has chosen in this browser."""
    known = language.partition("-")[0]
    if known not in dict(settings.LANGUAGES) or settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        known,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,  # type: ignore[arg-type]
        secure=request.is_secure(),
    )


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a script that asked for JSON; a browser's own `*/*` counts as a page."""
    return "application/json" in request.headers.get("Accept", "").lower()


def no_store(view: V) -> V:
    """Mark a view's answers as never to be kept by a browser or a proxy.

    The project's middleware says so for every page already; the decorator says it where it matters most.
    """
    if iscoroutinefunction(view):

        @wraps(view)
        async def async_view(*args: Any, **kwargs: Any) -> HttpResponseBase:
            return forbid_storing(await view(*args, **kwargs))

        return cast(V, async_view)

    @wraps(view)
    def sync_view(*args: Any, **kwargs: Any) -> HttpResponseBase:
        return forbid_storing(view(*args, **kwargs))

    return cast(V, sync_view)
