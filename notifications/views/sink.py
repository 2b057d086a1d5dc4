"""The demo's page of what would have been sent. Elsewhere no address leads here (page_urls.py)."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.policy import guarded
from accounts.who import who
from core.http import no_store
from notifications.models import Channel
from notifications.selectors.sunk import get_sunk, sunk_messages
from notifications.views.framed import framed

PER_PAGE = 20


@guarded("notifications.sink.view")
@no_store
@require_safe
def sink(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    asked = request.GET.get("channel", "")
    rows = sunk_messages(actor)
    if asked in Channel.values:
        rows = rows.filter(channel=asked)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"nav": "message-sink", "page": page, "channel": asked, "channels": Channel.choices}
    return render(request, "notifications/sink.html", context)


@guarded("notifications.sink.view")
@no_store
@require_safe
def email(request: HttpRequest) -> HttpResponseBase:
    """One email as it looks, for the frame on the page."""
    actor, _ = who(request)
    return framed(request, get_sunk(actor, request.GET.get("key", "")).html)
