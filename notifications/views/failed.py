"""The desk's page of what did not reach people, and what is done about it. Rules live in services."""

import datetime as dt
import uuid as uuids

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import Actor
from accounts.policy import guarded
from accounts.who import who
from core.clock import today
from core.errors import Conflict, Invalid
from core.http import no_store
from notifications import words
from notifications.forms.failed import AddressForm, DayForm
from notifications.models import Message
from notifications.ports import subjects_of
from notifications.selectors import messages as selectors
from notifications.services import resending

NAV = {"nav": "messages"}
PER_PAGE = 25
DAY = dt.timedelta(days=1)


@guarded("notifications.message.list")
@no_store
@require_safe
def failed(request: HttpRequest) -> HttpResponseBase:
    """What reached nobody on a day, or went another way in the end."""
    actor, clinic = who(request)
    zone, present = clinic.timezone, today(clinic.timezone)
    form = DayForm(request.GET)
    day, otherwise = form.asked(present)
    lists = [selectors.unreached(actor, clinic.pk, day, zone, otherwise=one) for one in (False, True)]
    page = Paginator(lists[otherwise], PER_PAGE).get_page(request.GET.get("page"))
    told = selectors.told_of(actor, list(page.object_list), otherwise=otherwise)
    subjects = subjects_of(actor, {one.message.about for one in told})
    context = {
        "rows": [(one, subjects.get(one.message.about)) for one in told],
        "page": page,
        "day": day,
        "days": {"former": day - DAY, "next": day + DAY, "today": present},
        "otherwise": otherwise,
        "counts": [one.count() for one in lists],
        "form": DayForm(initial={"day": day}),
        "query": f"?{request.GET.urlencode()}" if request.GET else "",
    }
    return render(request, "notifications/failed.html", NAV | context)


@guarded("notifications.message.resend")
@no_store
@require_POST
def message_again(request: HttpRequest, message: uuids.UUID) -> HttpResponseBase:
    """Send it again, and back to the page where the button was."""
    actor, clinic = who(request)
    found = selectors.get_message(actor, message, "notifications.message.resend")
    try:
        is_new = resending.send_again(actor=actor, message=found)
    except Conflict as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("It is on its way again.") if is_new else _("It is on its way already."))
    selectors.count_anew(clinic.pk)
    return redirect(_back(request, actor, found))


@guarded("notifications.address.correct")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def message_address(request: HttpRequest, message: uuids.UUID) -> HttpResponse:
    """The person's addresses: put right, and the message goes again."""
    actor, clinic = who(request)
    found = selectors.get_message(actor, message, "notifications.address.correct")
    first = {"email": found.patient.email, "phone": found.patient.phone}
    form = AddressForm(request.POST if request.method == "POST" else None, initial=first)
    status = 200
    if form.is_bound:
        status = Invalid.status
        if form.is_valid():
            try:
                hindered = resending.correct_and_send(actor=actor, message=found, **form.cleaned_data)
            except Invalid as refusal:
                form.add_error(refusal.extra.get("field"), refusal.message)
            else:
                selectors.count_anew(clinic.pk)
                _tell(request, hindered)
                return redirect(_back(request, actor, found))
    [told] = selectors.told_of(actor, [found], otherwise=selectors.is_superseded(found))
    context = {"form": form, "told": told, "subject": subjects_of(actor, {found.about}).get(found.about)}
    context["back"] = _back(request, actor, found)
    return render(request, "notifications/address.html", NAV | context, status=status)


def _tell(request: HttpRequest, hindered: str) -> None:
    if not hindered:
        messages.success(request, _("The address is saved. The message is on its way again."))
        return
    why = words.reason(hindered)
    said = _("The address is saved, but this message was not sent.")
    messages.warning(request, f"{said} {why.what} {why.do}".strip())


def _back(request: HttpRequest, actor: Actor, message: Message) -> str:
    """The visit's page where the button stood there, else the list as it was shown."""
    if request.GET.get("back") == "visit":
        subject = subjects_of(actor, {message.about}).get(message.about)
        if subject is not None:
            return f"{subject.address}#messages"
    kept = {name: request.GET[name] for name in ("day", "which", "page") if name in request.GET}
    return reverse("messages", query=kept) if kept else reverse("messages")
