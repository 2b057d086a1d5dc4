"""Pages of files: sending one, what each row would do, bringing it in; and lists that are taken out as CSV."""

import datetime as dt
import uuid as uuids
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, cast

from channels.db import database_sync_to_async
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import Actor
from accounts.models import Organization
from accounts.policy import guarded
from accounts.selectors import organization_of
from core.clock import today
from core.errors import Conflict, Invalid, NotFound
from core.http import no_store
from scheduling.files.tables import line_of
from scheduling.files.uploads import BoundedUpload
from scheduling.forms.files import FileForm
from scheduling.selectors import files as selectors
from scheduling.services import files as services

NAV = {"nav": "files"}
ROWS_ON_A_PAGE = 200
LINES_AT_ONCE = 200
WORKING = ("checking", "confirmed")
BIG = gettext_lazy("The file is larger than 4 MB. Split it into smaller files")


@csrf_exempt
@guarded("scheduling.file.bring")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest) -> HttpResponseBase:
    """Files are taken by a handler that is set before the form is read, so the form's token is looked at after it."""
    upload = BoundedUpload(request)
    request.upload_handlers = [upload]
    return _files(request, upload)


@csrf_protect
def _files(request: HttpRequest, upload: BoundedUpload) -> HttpResponse:
    actor = _actor(request)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    status = 200
    if form.is_bound:
        status = 422
        if upload.is_too_big:
            form.errors["file"] = form.error_class([str(BIG)])
        elif form.is_valid():
            try:
                content = form.cleaned_data["file"].read()
                file = services.start_file(actor=actor, kind=form.cleaned_data["kind"], content=content)
            except (Invalid, Conflict) as refusal:
                form.add_error("file", refusal.message)
                status = refusal.status
            else:
                return redirect("file-in", file_in=file.uuid)
    first = today(_clinic(actor).timezone)
    context = {"form": form, "files": selectors.files_in(actor), "first": first, "last": first + dt.timedelta(days=60)}
    return render(request, "scheduling/files.html", NAV | context, status=status)


@guarded("scheduling.file.bring")
@no_store
@require_safe
def file_in(request: HttpRequest, file_in: uuids.UUID) -> HttpResponse:
    """What becomes of each row; while a worker is at it the page asks again by itself."""
    actor = _actor(request)
    found = selectors.get_file_in(actor, file_in)
    # What has to be looked at comes first: wrong rows, then those that say something.
    ordered = sorted(found.report, key=lambda row: (row[1] != "wrong", row[1] != "new" or not row[2], row[0]))
    counts = {name: found.count(name) for name in ("new", "known", "wrong")}
    context = {
        "file": found,
        "percent": services.percent_of(found),
        "is_working": found.status in WORKING,
        "rows": Paginator(ordered, ROWS_ON_A_PAGE).get_page(request.GET.get("page")),
        "may_bring": services.may_bring(actor, found.kind),
        "outside": sum(1 for _, what, words in found.report if what == "new" and words),
        "is_good": counts["new"] and not counts["wrong"],
        **counts,
    }
    response = render(request, "scheduling/file_in.html", NAV | context)
    if found.status in WORKING:
        response.headers["Refresh"] = "2"
    return response


@guarded("scheduling.file.bring")
@no_store
@require_POST
def file_confirm(request: HttpRequest, file_in: uuids.UUID) -> HttpResponse:
    actor = _actor(request)
    services.confirm_file(actor=actor, file=selectors.get_file_in(actor, file_in))
    return redirect("file-in", file_in=file_in)


@guarded("scheduling.file.bring")
@no_store
@require_POST
def file_give_up(request: HttpRequest, file_in: uuids.UUID) -> HttpResponse:
    actor = _actor(request)
    services.give_up_file(actor=actor, file=selectors.get_file_in(actor, file_in))
    messages.success(request, gettext("The file is given up. Nothing of it is in."))
    return redirect("files")


@guarded("scheduling.file.export")
@no_store
@require_safe
def patients_out(request: HttpRequest) -> HttpResponseBase:
    return _out(request, "patients", lambda actor, _: selectors.patient_rows(actor))


@guarded("scheduling.file.export")
@no_store
@require_safe
def practitioners_out(request: HttpRequest) -> HttpResponseBase:
    return _out(request, "practitioners", lambda actor, _: selectors.practitioner_rows(actor))


@guarded("scheduling.file.export")
@no_store
@require_safe
def wait_list_out(request: HttpRequest) -> HttpResponseBase:
    return _out(request, "wait-list", lambda actor, _: selectors.wait_list_rows(actor))


@guarded("scheduling.file.export")
@no_store
@require_safe
def appointments_out(request: HttpRequest) -> HttpResponseBase:
    """Of the days `from` to `until`, a year at most; today and two months ahead unless said."""

    def rows(actor: Actor, clinic: Organization) -> Iterator[Sequence[object]]:
        first = _day(request, "from", today(clinic.timezone))
        return selectors.appointment_rows(actor, clinic, first, _day(request, "until", first + dt.timedelta(days=60)))

    return _out(request, "appointments", rows)


def _out(
    request: HttpRequest, name: str, rows: Callable[[Actor, Organization], Iterator[Sequence[object]]]
) -> HttpResponseBase:
    actor = _actor(request)
    clinic = _clinic(actor)
    chosen = rows(actor, clinic)
    if request.method == "GET":
        selectors.require_export(actor, name, clinic)
        response: HttpResponseBase = StreamingHttpResponse(_poured(chosen), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


async def _poured(rows: Iterator[Sequence[object]]) -> AsyncIterator[bytes]:
    """Some lines at a time, the next when the browser has taken the last. The mark says "UTF-8" to spreadsheets."""

    def next_lines() -> bytes:
        return "".join(line_of(row) for _, row in zip(range(LINES_AT_ONCE), rows, strict=False)).encode()

    take = database_sync_to_async(next_lines, thread_sensitive=True)
    yield b"\xef\xbb\xbf"
    while piece := await take():
        yield piece


def _day(request: HttpRequest, name: str, otherwise: dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return otherwise
    return day if 1970 <= day.year < 2200 else otherwise


def _clinic(actor: Actor) -> Organization:
    clinic = organization_of(actor)
    if clinic is None:
        raise NotFound
    return clinic


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, cast(Any, request).actor)
