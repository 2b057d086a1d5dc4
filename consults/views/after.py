"""After the visit: the page that asks for a code, and what it opens. Under the patient's own link."""

import uuid as uuids
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.policy import guarded
from consults import codes, selectors
from consults.lifecycle import OVER, VisitStatus
from consults.models import Encounter
from consults.people import patient_of
from consults.policies import require_visit
from consults.selectors.after import is_code_awaited, what_is_left
from consults.selectors.shown import has_shown_who
from consults.services.after import ask_for_code, enter_code
from consults.views.asking import recording_of
from consults.views.when import when_words
from core.errors import Invalid, RateLimited
from core.http import no_store


class CodeForm(forms.Form):
    """The six digits, however they are spaced."""

    code = forms.CharField(
        label=_("Code of six digits"),
        max_length=12,
        error_messages={"required": _("Enter the code of six digits.")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


@guarded("consults.leave.open")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """Send a code, or one more. Looking at the address sends none."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    encounter = selectors.get_visit(actor)
    require_visit(actor, "consults.leave.open", encounter)
    if request.method != "POST":
        return redirect("visit-leave-behind", link=link)
    try:
        ask_for_code(actor=actor, encounter=encounter)
    except RateLimited as refusal:
        return _code_page(request, link, CodeForm(), status=429, refused=refusal.message)
    return redirect("visit-leave-behind", link=link)


@guarded("consults.leave.open")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def left_behind(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """What the visit leaves behind, for the session that has entered its code; to others the field for it."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    encounter = selectors.get_visit(actor)
    is_open = has_shown_who(actor, encounter)
    if request.method == "POST" and not is_open:
        form = CodeForm(request.POST)
        try:
            if form.is_valid():
                enter_code(actor=actor, encounter=encounter, typed=form.cleaned_data["code"])
                return redirect("visit-leave-behind", link=link)
        except Invalid as refusal:
            form.add_error("code", refusal.message)
        return _code_page(request, link, form, status=422)
    if not is_open:
        return _before_code(request, actor, encounter, link)
    if encounter.status != VisitStatus.FINISHED:
        return _recorded_page(request, actor, encounter, link, is_open=True)
    left = {"left": what_is_left(actor, encounter), "recording": recording_of(actor, encounter)}
    words = {**_words(actor, encounter, link), **left}
    return render(request, "consults/visit_left_behind.html", words)


def _before_code(request: HttpRequest, actor: Actor, encounter: Encounter, link: uuids.UUID) -> HttpResponseBase:
    """The field once a code was asked for; before, the page of a visit that is over has the button to ask for one. One
    that waits for its next call has other things to say there: its button is here."""
    if codes.opens(encounter) and is_code_awaited(actor, encounter):
        return _code_page(request, link, CodeForm())
    if encounter.status in OVER or not codes.opens(encounter):
        return redirect("visit", link=link)
    return _recorded_page(request, actor, encounter, link, is_open=False)


def _recorded_page(
    request: HttpRequest, actor: Actor, encounter: Encounter, link: uuids.UUID, *, is_open: bool
) -> HttpResponse:
    """All that a visit leaves behind that did not come to its end: what was recorded."""
    context = {"link": link, "shown": is_open, "recording": recording_of(actor, encounter), "was_recorded": True}
    return render(request, "consults/visit_recorded.html", context)


def _code_page(
    request: HttpRequest, link: uuids.UUID, form: CodeForm, *, status: int = 200, refused: str = ""
) -> HttpResponse:
    """It says nothing of the visit, and nothing of where the code went."""
    context = {"link": link, "form": form, "refused": refused}
    return render(request, "consults/visit_code.html", context, status=status)


def _words(actor: Actor, encounter: Encounter, link: uuids.UUID) -> dict[str, Any]:
    return {"link": link, "patient": patient_of(actor, encounter), "encounter": encounter, **when_words(encounter)}
