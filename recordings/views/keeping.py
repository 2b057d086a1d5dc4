"""The privacy officer's page: for how long recordings are kept, what is held and erased. Nothing is played here."""

import uuid as uuids

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.policy import guarded
from core.errors import Conflict, Invalid
from core.http import no_store
from recordings import pages
from recordings.forms import HoldForm, RuleForm
from recordings.selectors import keeping as kept
from recordings.selectors import playback
from recordings.services import erasing, keeping
from recordings.views.common import actor_of


@guarded("recordings.retention")
@no_store
@require_safe
def retention(request: HttpRequest) -> HttpResponseBase:
    return _page(request)


@guarded("recordings.retention")
@no_store
@require_POST
def rule(request: HttpRequest) -> HttpResponseBase:
    """Set a rule, or take it away with an empty number."""
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=Invalid.status)
    keeping.set_rule(actor=actor_of(request), **form.cleaned_data)
    messages.success(request, _("The rule is saved. It counts from tonight on."))
    return redirect("recordings-retention")


@guarded("recordings.hold")
@no_store
@require_POST
def hold(request: HttpRequest, recording: uuids.UUID) -> HttpResponseBase:
    """Place a legal hold with its reason, or lift it."""
    actor = actor_of(request)
    found = playback.get_recording_for(actor, recording, "recordings.hold")
    if request.POST.get("lift"):
        keeping.lift_hold(actor=actor, recording=found)
        messages.success(request, _("The hold is lifted. The rule counts again."))
        return redirect("recordings-retention")
    form = HoldForm(request.POST)
    try:
        if not form.is_valid():
            raise Conflict(_("Say in a few words why this recording has to be kept."))
        keeping.place_hold(actor=actor, recording=found, reason=form.cleaned_data["reason"])
        messages.success(request, _("The recording is held. Nothing erases it until you lift the hold."))
    except Conflict as refusal:
        messages.error(request, refusal.message)
    return redirect("recordings-retention")


@guarded("recordings.erase")
@no_store
@require_POST
def erase(request: HttpRequest, recording: uuids.UUID) -> HttpResponseBase:
    actor = actor_of(request)
    found = playback.get_recording_for(actor, recording, "recordings.erase")
    try:
        erasing.decide_to_erase(actor=actor, recording=found, why="officer")
        messages.success(request, _("The recording is erased."))
    except Conflict as refusal:
        messages.error(request, refusal.message)
    return redirect("recordings-retention")


def _page(request: HttpRequest, *, form: RuleForm | None = None, status: int = 200) -> HttpResponseBase:
    actor = actor_of(request)
    context = {
        "nav": "retention",
        "rules": pages.rules(kept.rules(actor)),
        "rows": [pages.kept_row(one, until) for one, until in kept.kept_recordings(actor)],
        "form": form or RuleForm(),
    }
    return render(request, "recordings/retention.html", context, status=status)
