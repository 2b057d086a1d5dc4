"""A guest's visit page and its one form, under their own link. The pages name the patient by the first name alone."""

import uuid as uuids
from typing import Any, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actors import Actor
from accounts.policy import guarded
from consent.selectors import has_had_right
from consults import selectors
from consults.browsers import browser_at
from consults.forms import NO_CONSENT, NO_RECORDING_ANSWER, ConsentForm, field_errors
from consults.lifecycle import door_opens_at
from consults.models import Encounter
from consults.selectors.guests import host_of
from consults.selectors.visits import told_of
from consults.services.asking import STALE, answer_about_recording
from consults.services.guests import agree_as_guest
from consults.views.asking import questions_to_guest, words_for_guest
from consults.views.when import ELSEWHERE, TERMINAL, recording_urls, when_words
from core.clock import now
from core.errors import Conflict, Invalid
from core.http import no_store, wants_json

DOOR_STEPS = frozenset({"check", "consent"})


@guarded("consults.guest.agree")
@no_store
@require_POST
def agree(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """The guest's own answers, before they come in: to the video visit, and to being recorded."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    encounter = selectors.get_visit(actor)
    form = questions_to_guest(actor, encounter).form(request.POST)
    if not form.is_valid():
        if wants_json(request):
            error = {**Invalid().as_dict(), "fields": field_errors(form)}
            return JsonResponse({"error": error}, status=Invalid.status)
        return guest_page(request, actor, encounter, link, step="consent", form=form, status=Invalid.status)
    try:
        with transaction.atomic():
            if version := form.cleaned_data.get("version"):
                agree_as_guest(actor=actor, encounter=encounter, text_version=version)
            if "recording" in form.cleaned_data:
                answer_about_recording(actor=actor, encounter=encounter, **form.about_recording)
    except Conflict as conflict:
        if conflict.code != STALE or wants_json(request):
            raise
        form.add_error("recording", conflict.message)
        return guest_page(
            request, actor, selectors.get_visit(actor), link, step="consent", form=form, status=Invalid.status
        )
    if wants_json(request):
        return JsonResponse({"ok": True, "next": "waiting"})
    return redirect("visit", link=link)


def guest_page(
    request: HttpRequest,
    actor: Actor,
    encounter: Encounter,
    link: uuids.UUID,
    *,
    step: str = "",
    form: ConsentForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of this link in its present state; nothing in its context is the patient's but what they are called."""
    state = selectors.visit_state(encounter, now())
    patient = host_of(actor)
    words = {
        "link": link,
        "state": state,
        "guest_name": actor.label,
        "own_name": actor.label,
        "host": patient or _("whoever invited you"),
        "cannot_agree": _cannot_agree(actor, encounter, patient),
        "whose": _("%(name)s’s visit") % {"name": patient} if patient else _("a group visit"),
        **when_words(encounter),
    }
    if state in TERMINAL | ELSEWHERE:
        return render(request, "consults/guest_over.html", words, status=status)
    asked = questions_to_guest(actor, encounter)
    shown = _step(state, step, needs_consent=asked.open)
    context = {
        **words,
        "browser": browser_at(request),
        "step": shown,
        "asked": asked,
        "steps": asked.steps,
        "records": asked.asks_recording,
        **words_for_guest(encounter, patient or _("those who were treated")),
        "consent_form": form or asked.form(),
        "consent_url": reverse("guest-agree", kwargs={"link": link}),
        "agree_words": _("Yes, I agree to take part by video"),
        "no_consent": NO_CONSENT,
        "no_recording_answer": NO_RECORDING_ANSWER,
        "recording_urls": recording_urls(link),
        "page_data": _page_data(encounter, link, state, shown, needs_consent=asked.open),
    }
    return render(request, "consults/guest.html", context, status=status)


def _cannot_agree(actor: Actor, encounter: Encounter, patient: str) -> str:
    """What one of the patient's people is told who may not agree for them, or may no longer; else empty."""
    if actor.related_id is None or not patient:
        return ""
    if has_had_right(actor.related_id, encounter.patient):
        words = _(
            "Your right to agree for %(patient)s has ended. You come along as a guest. Call the desk if that is wrong."
        )
    else:
        words = _("You come along with %(patient)s. Agreeing is not yours: %(patient)s does, or who has the right to.")
    return words % {"patient": patient}


def _page_data(encounter: Encounter, link: uuids.UUID, state: str, step: str, *, needs_consent: bool) -> dict[str, Any]:
    return {
        "state": state,
        "step": step,
        "path": reverse("visit", kwargs={"link": link}),
        "clinic": encounter.organization.name,
        "server_time": now().isoformat(),
        "opens_at": door_opens_at(encounter.appointment.starts_at).isoformat(),
        "told": told_of(encounter),
        "needs_consent": needs_consent,
        "practitioner": encounter.practitioner.short_name,
    }


def _step(state: str, wanted: str, *, needs_consent: bool) -> str:
    """Nobody is in the room by opening a page: who has not agreed stands at the door, whatever goes on inside."""
    if state == "early":
        return state
    if state == "call" and not needs_consent:
        return state
    if wanted == "consent" and not needs_consent:
        return "door"
    return wanted if wanted in DOOR_STEPS else "door"
