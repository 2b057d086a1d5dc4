"""Pages of the project itself: what people see when something was refused, is absent or went wrong."""

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from accounts.actors import ANONYMOUS
from core.errors import HousecallError, Invalid, NotFound
from core.http import wants_json

log = structlog.get_logger(__name__)

STALE_FORM = HousecallError(
    "This page was open for too long, or cookies are blocked. Reload the page and send the form again.",
    code="stale_form",
    status=403,
)
UNREADABLE = Invalid("We could not read what your browser sent. Go back, reload the page and try again.", status=400)
REFUSED = HousecallError("That is not allowed here. Go back, or call the desk.", code="refused", status=403)


def error_response(request: HttpRequest, error: HousecallError) -> HttpResponse:
    """The one rendering of an error: `{"error": {...}}` for scripts, a page with one thing to do for people."""
    if wants_json(request):
        return JsonResponse({"error": error.as_dict()}, status=error.status)
    template = "404.html" if error.status == 404 else "errors/message.html"
    return render(request, template, {"code": error.code, "message": error.message}, status=error.status)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, NotFound())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, UNREADABLE)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, REFUSED)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Shown in place of Django's page; the reason is for the log, not for the reader."""
    log.warning("csrf_refused", reason=reason)
    return error_response(request, STALE_FORM)


def server_error(request: HttpRequest) -> HttpResponse:
    """Needs no database, no session and no context: any of them may be what failed."""
    error = HousecallError(code="server_error")
    if wants_json(request):
        return JsonResponse({"error": error.as_dict()}, status=500)
    context = {"code": error.code, "message": error.message, "actor": ANONYMOUS, "clinic": None}
    return HttpResponse(render_to_string("500.html", context), status=500)
