"""Pages of the project itself: what people see when something was refused, is absent or went wrong."""

import sys
from contextlib import suppress
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from psycopg import Error as PsycopgError

from accounts.actors import ANONYMOUS
from core.errors import HousecallError, Invalid, NotFound
from core.http import wants_json

log = structlog.get_logger(__name__)

STALE_FORM = gettext_noop(
    "Somebody signed in or out in another tab since this page was opened, or cookies are blocked. "
    "Go back, load that page again, then send the form once more."
)
NOBODY: dict[str, Any] = {"actor": ANONYMOUS, "clinic": None, "user": None}


def unreadable() -> Invalid:
    words = _("We could not read what your browser sent. Go back, reload the page and try again.")
    return Invalid(words, status=400)


def refused() -> HousecallError:
    words = _("That is not allowed here. Go back, or call the desk.")
    return HousecallError(words, code="refused", status=403)


def error_response(request: HttpRequest, error: HousecallError, context: dict[str, Any] | None = None) -> HttpResponse:
    """The one rendering of an error: `{"error": {...}}` for scripts, a page with one thing to do for people."""
    if wants_json(request):
        return JsonResponse({"error": error.as_dict()}, status=error.status)
    template = "404.html" if error.status == 404 else "errors/message.html"
    # `refused`: nothing on the page tells one absent address from another, so it leads back to none.
    context = {"code": error.code, "message": error.message, "refused": True, **(context or {})}
    return render(request, template, context, status=error.status)


def nowhere(request: HttpRequest) -> HttpResponse:
    """The last of all routes. An ordinary view, so that an absent page is made in the same way as a refused one.

    Django's own handler runs in a thread whose database connection nobody gives back.
    """
    with_slash = f"{request.path_info}/"
    if request.method == "GET" and not request.path_info.endswith("/") and resolve(with_slash).func is not nowhere:
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    return error_response(request, NotFound())


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, NotFound())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Before any view is found, so without the database (see `nowhere`)."""
    return error_response(request, unreadable(), NOBODY)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, refused(), NOBODY)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Shown in place of Django's page; the reason is for the log, not for the reader.

    A sign-in in another tab gives the browser a new token. Scripts are told it and repeat their form by themselves;
    pages of other sites cannot read the answer.
    """
    log.warning("csrf_refused", reason=reason)
    known = {"token": get_token(request)} if wants_json(request) else {}
    return error_response(request, HousecallError(_(STALE_FORM), code="stale_form", status=403, **known))


def server_error(request: HttpRequest) -> HttpResponse:
    """Needs no database, no session and no context: any of them may be what failed.

    A database that is away is 503: nothing is broken, and the same request will do in a moment.
    """
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    error = HousecallError(code="unavailable", status=503) if is_away else HousecallError(code="server_error")
    if wants_json(request):
        response: HttpResponse = JsonResponse({"error": error.as_dict()}, status=error.status)
    else:
        context = {"code": error.code, "message": error.message, **NOBODY}
        response = HttpResponse(render_to_string("500.html", context), status=error.status)
    if is_away:
        response.headers["Retry-After"] = "5"
        _forget_dead_connections()
    return response


def _forget_dead_connections() -> None:
    """When PostgreSQL has restarted, every idle connection is dead; found one by one, each would fail a request."""
    pool = getattr(connection, "pool", None)
    if pool is not None:
        with suppress(PsycopgError):
            pool.check()
