"""Somebody's own page of which messages they want, by its signed address alone. Looking at it changes nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import guarded
from core.errors import Invalid
from core.http import no_store
from notifications import preferences as addresses
from notifications.kinds import Group
from notifications.languages import LANGUAGES
from notifications.models import Channel
from notifications.selectors import preferences as selectors
from notifications.selectors.choosing import USUAL_ORDER
from notifications.services.preferring import Preferences, opt_out, set_preferences

# RFC 8058, section 3.1: what a mail program posts, and nobody else.
ONE_CLICK = ("List-Unsubscribe", "One-Click")


# A mail program has neither our cookie nor our token. What a form may do here the address itself allows: whoever
# could make a browser post it has to know it.
@csrf_exempt
@guarded("notifications.preference.view")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, secret: str) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    patient = selectors.own_patient(actor)
    said = addresses.read(secret) or addresses.Pass(patient.uuid)
    if request.method != "POST":
        return _page(request, patient, said)
    before = selectors.chosen_by(patient)
    one_click = request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]
    if one_click or "stop" in request.POST:
        if said.group is None or said.channel is None:
            raise Invalid(_("Choose on the page which messages you want."), code="preferences.what")
        opt_out(actor=actor, patient=patient, group=said.group, channel=said.channel)
        return _page(request, patient, said, before, stopped=True)
    pairs = [(group.value, way.value) for group, ways in selectors.offered() for way in ways]
    wanted = {pair for pair in pairs if _name(*pair) in request.POST and "none" not in request.POST}
    first, language = request.POST.get("first", before.first), request.POST.get("language", "")
    chosen = Preferences(frozenset(pairs) - wanted, first, language)
    set_preferences(actor=actor, patient=patient, asked=pairs, chosen=chosen)
    return _page(request, patient, said, before, saved=True, undone="undo" in request.POST)


def _page(
    request: HttpRequest,
    patient: Patient,
    said: addresses.Pass,
    before: selectors.Chosen | None = None,
    **done: bool,
) -> HttpResponse:
    """The page as things are now; after a change with what was changed, and with the way back."""
    now = selectors.chosen_by(patient)
    offered = selectors.offered()
    is_stopped = said.group is not None and (said.group.value, said.channel) in now.refused
    context: dict[str, Any] = {
        "groups": [_line(group, ways, now) for group, ways in offered],
        "first": now.first,
        "orders": [(one.value, _("%(way)s first") % {"way": one.label}) for one in USUAL_ORDER],
        "languages": LANGUAGES.items(),
        "chosen": now,
        "said": said,
        "is_stopped": is_stopped,
        "misses_changes": all((Group.BOOKINGS.value, way.value) in now.refused for way in USUAL_ORDER),
        "former": _wanted(offered, before) if before else [],
        "former_first": before.first if before else "",
        "former_language": before.language if before else "",
        **done,
    }
    return render(request, "notifications/preferences.html", context)


def _line(group: Group, ways: list[Channel], chosen: selectors.Chosen) -> dict[str, Any]:
    boxes = [
        {
            "name": _name(group.value, way.value),
            "label": way.label,
            "is_on": (group.value, way.value) not in chosen.refused,
        }
        for way in ways
    ]
    return {"label": group.label, "boxes": boxes}


def _wanted(offered: list[tuple[Group, list[Channel]]], before: selectors.Chosen) -> list[str]:
    """The boxes that were ticked before: what Undo sends."""
    pairs = [(group.value, way.value) for group, ways in offered for way in ways]
    return [_name(*pair) for pair in pairs if pair not in before.refused]


def _name(group: str, way: str) -> str:
    return f"{group}-{way}"
