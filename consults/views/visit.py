"""The patient's visit page and its forms, all under /v/<link>/. Its steps are static/js/visit.js."""

import uuid as uuids
from dataclasses import asdict
from typing import Any, Literal, cast

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import Actor
from accounts.addresses import client_network
from accounts.policy import guarded
from consent.models import Purpose
from consent.services import give_consent
from consults import selectors, services
from consults.browsers import browser_at
from consults.forms import NO_CONSENT, NO_RECORDING_ANSWER, ConsentForm, PlaceForm, field_errors
from consults.lifecycle import door_opens_at
from consults.messages import way_to_call_back
from consults.models import Encounter
from consults.people import arrival_of, patient_of, performer
from consults.said import said_in
from consults.selectors.keeping import callback_named, keeping_of
from consults.selectors.passing import passed_on
from consults.selectors.reading import reading_for
from consults.selectors.shown import is_withheld
from consults.selectors.visits import told_of, told_to
from consults.services.asking import STALE, answer_about_recording
from consults.views.asking import (
    Questions,
    agree_words,
    for_whom_recorded,
    questions,
    recording_of,
    recording_words,
    video_words,
    was_recorded,
)
from consults.views.guests import guest_page
from consults.views.people import emergency_words, whom_to_fetch
from consults.views.when import ELSEWHERE, TERMINAL, recording_urls, when_words
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.http import no_store, speak_as_on_file, wants_json
from notifications.selectors.pushing import push_offer
from scheduling.forms.appointments import SeenForm
from scheduling.links import COOKIE_NAME, open_link, set_session
from scheduling.models import Appointment
from scheduling.selectors.changing import is_changeable, movable_to, until_when
from scheduling.selectors.coming import coming_of
from scheduling.selectors.guests import guests_told_to_patients
from scheduling.selectors.offering import offerings
from scheduling.selectors.regions import divided_countries, home_of
from scheduling.selectors.told import confirmed_by
from scheduling.services import cancel_appointment, say_coming

DOOR_STEPS = frozenset({"check", "consent", "place"})


@guarded("scheduling.link.open")
@no_store
@require_safe
def visit(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """Without a session the page that posts the fragment's secret; with one the visit in its present state."""
    actor = _actor(request)
    if not actor.came_by_link:
        if wants_json(request):
            raise NotFound
        return render(request, "consults/visit_opening.html", {"link": link, "browser": browser_at(request)})
    encounter = selectors.get_visit(actor)
    if wants_json(request):
        state = selectors.visit_state(encounter, now(), actor)
        return JsonResponse({"ok": True, "state": state, "told": told_to(actor, encounter)})
    if actor.type == "guest" and not actor.is_patients_side:
        return guest_page(request, actor, encounter, link, step=request.GET.get("step", ""))
    return _page(request, encounter, link, step=request.GET.get("step", ""))


@guarded("scheduling.link.open")
@no_store
@require_POST
def open_visit(request: HttpRequest, link: uuids.UUID) -> HttpResponse:
    """Only this, a POST with the secret, makes a session: a mail scanner that follows links changes nothing."""
    secret = request.POST.get("secret", "")
    before = request.COOKIES.get(COOKIE_NAME, "")
    personal, cookie = open_link(link_uuid=link, secret=secret, address=client_network(request), cookie=before)
    response = HttpResponse(status=204)
    set_session(response, personal, cookie, is_secure=request.is_secure())
    if personal.guest_id is None:
        speak_as_on_file(request, response, personal.patient.language)
    return response


@guarded("consent.give")
@no_store
@require_POST
def consent(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """The answers before going in. A question that was answered in another tab meanwhile may be answered anew."""
    actor = _actor(request)
    encounter = selectors.get_visit(actor)
    form = questions(actor, encounter).form(request.POST)
    if not form.is_valid():
        return _refused(request, encounter, link, form, "consent")
    try:
        with transaction.atomic():
            if version := form.cleaned_data.get("version"):
                patient, about = patient_of(actor, encounter), encounter.uuid
                give_consent(
                    actor=actor, patient=patient, purpose=Purpose.TELEHEALTH, text_version=version, about=about
                )
            if "recording" in form.cleaned_data:
                answer_about_recording(actor=actor, encounter=encounter, **form.about_recording)
    except Conflict as conflict:
        if conflict.code != STALE or wants_json(request):
            raise
        form.add_error("recording", conflict.message)
        return _refused(request, selectors.get_visit(actor), link, form, "consent")
    return _next(request, link, "place")


@guarded("consults.visit.enter")
@no_store
@require_POST
def place(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """The third step: where the person is and which number to call; it leads into the waiting room."""
    encounter = selectors.get_visit(_actor(request))
    form = PlaceForm(request.POST, divided=divided_countries(encounter.organization))
    if not form.is_valid():
        return _refused(request, encounter, link, form, "place")
    try:
        services.enter_waiting_room(actor=_actor(request), encounter=encounter, **form.cleaned_data)
    except Invalid as error:
        form.add_error(error.extra.get("field"), error.message)
        return _refused(request, encounter, link, form, "place")
    return _next(request, link, "waiting")


@guarded("consults.visit.unenter")
@no_store
@require_POST
def leave(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """Out of the waiting room; the door stays open."""
    services.leave_waiting_room(actor=_actor(request), encounter=selectors.get_visit(_actor(request)))
    return _next(request, link, "door")


@guarded("scheduling.appointment.coming")
@no_store
@require_POST
def coming(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """The person says that they will come; the page they come back to says that they have."""
    say_coming(actor=_actor(request), appointment=selectors.get_visit(_actor(request)).appointment)
    return _next(request, link, "coming")


@guarded("scheduling.appointment.cancel")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """The question on a page of its own for browsers without script, and the answer for all."""
    encounter = selectors.get_visit(_actor(request))
    refused, status = "", 200
    if request.method == "POST":
        try:
            cancel_appointment(
                actor=_actor(request),
                appointment=encounter.appointment,
                reason="by the patient" if _actor(request).type == "patient" else "for the patient",
                sequence=SeenForm(request.POST).seen,
            )
        except Conflict as conflict:
            if conflict.code != "appointment.changed" or wants_json(request):
                raise
            refused, status = conflict.message, conflict.status
            encounter = selectors.get_visit(_actor(request))
        else:
            return _next(request, link, "cancelled")
    state = selectors.visit_state(encounter, now(), _actor(request))
    if state in TERMINAL | {"call", "hold"}:
        return redirect("visit", link=link)
    context = {"link": link, "refused": refused, **_words(_actor(request), encounter)}
    page = "consults/visit_cancel.html" if context["may_cancel"] or state == "waiting" else "consults/visit_fixed.html"
    return render(request, page, context, status=status)


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _next(request: HttpRequest, link: uuids.UUID, step: str) -> HttpResponseBase:
    if wants_json(request):
        return JsonResponse({"ok": True, "next": step})
    address = reverse("visit", kwargs={"link": link})
    return redirect(f"{address}?step={step}" if step in DOOR_STEPS else address)


def _refused(
    request: HttpRequest,
    encounter: Encounter,
    link: uuids.UUID,
    form: ConsentForm | PlaceForm,
    step: Literal["consent", "place"],
) -> HttpResponseBase:
    if wants_json(request):
        error = {**Invalid().as_dict(), "fields": field_errors(form)}
        return JsonResponse({"error": error}, status=Invalid.status)
    return _page(request, encounter, link, step=step, forms={step: form}, status=Invalid.status)


def _page(
    request: HttpRequest,
    encounter: Encounter,
    link: uuids.UUID,
    *,
    step: str = "",
    forms: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    state = selectors.visit_state(encounter, now(), _actor(request))
    if state in TERMINAL | ELSEWHERE:
        return _over_page(request, encounter, link, state, status)
    asked = questions(_actor(request), encounter)
    push = push_offer(_actor(request), patient_of(_actor(request), encounter))
    shown = _step(state, step, needs_consent=asked.open, may_wait=not asked.for_patient or asked.standing is not None)
    place = _place_of(_actor(request), encounter)
    held = _holds(asked, place)
    context = {
        "link": link,
        "browser": browser_at(request),
        "state": state,
        "step": shown,
        "asked": asked,
        "may_pretend": settings.DEMO,
        "steps": asked.steps - (1 if held else 0),
        "place_held": place if held else None,
        "records": asked.recording is not None,
        "was_recorded": was_recorded(asked.recording),
        **video_words(encounter, asked.language),
        **recording_words(encounter, asked.language),
        **for_whom_recorded(asked),
        "consent_url": reverse("visit-consent", kwargs={"link": link}),
        "agree_words": agree_words(asked),
        "consent_form": asked.form(),
        "no_consent": NO_CONSENT,
        "no_recording_answer": NO_RECORDING_ANSWER,
        "recording_urls": recording_urls(link),
        "push": push,
        "pool": encounter.queue.pool,
        "passed_on": passed_on(encounter) if state == "waiting" else None,
        **_waiting_words(_actor(request), encounter, shown),
        "place_form": PlaceForm(initial=place, divided=divided_countries(encounter.organization)),
        "page_data": {
            "state": state,
            "step": shown,
            "path": reverse("visit", kwargs={"link": link}),
            "clinic": encounter.organization.name,
            "server_time": now().isoformat(),
            "opens_at": door_opens_at(encounter.appointment.starts_at).isoformat(),
            "told": told_of(encounter),
            "needs_consent": asked.open,
            "place_holds": held,
            "practitioner": performer(encounter).short_name,
            "push": asdict(push) if push else None,
        },
        **_words(_actor(request), encounter),
        **{f"{name}_form": form for name, form in (forms or {}).items()},
    }
    return render(request, "consults/visit.html", context, status=status)


def _over_page(request: HttpRequest, encounter: Encounter, link: uuids.UUID, state: str, status: int) -> HttpResponse:
    """That there is nothing to go into any more; who has entered the code is led on without another one."""
    actor = _actor(request)
    recording = recording_of(actor, encounter)
    context = {
        "state": state,
        "link": link,
        "recording": recording,
        "was_recorded": was_recorded(recording),
        "shown": not is_withheld(actor, encounter),
        **_words(actor, encounter),
    }
    return render(request, "consults/visit_over.html", context, status=status)


def _waiting_words(actor: Actor, encounter: Encounter, shown: str) -> dict[str, Any]:
    """Whether the place in line is kept, how they are called back, and what there is to read meanwhile."""
    return {
        "kept": keeping_of(actor, encounter),
        "callback_way": way_to_call_back(encounter) if shown == "waiting" else "",
        "callback_until": callback_named(encounter, now()),
        "reading": reading_for(encounter.organization, get_language() or ""),
    }


def _step(state: str, wanted: str, *, needs_consent: bool, may_wait: bool = True) -> str:
    if state in {"waiting", "call", "hold"} and not may_wait:
        # The patient went in by their own link; who agrees for them has not been asked yet.
        return wanted if wanted in DOOR_STEPS - {"place"} else "door"
    if state == "hold":
        return "waiting"
    if state != "open":
        return state
    if wanted == "place" and needs_consent:
        return "consent"
    if wanted == "consent" and not needs_consent:
        return "place"
    return wanted if wanted in DOOR_STEPS else "door"


def _place_of(actor: Actor, encounter: Encounter) -> dict[str, str]:
    """What the form has filled in: as said at this door, or at the last one, or as the clinic knows it."""
    row = arrival_of(actor, encounter) or encounter
    said = said_in(row) if row.place else selectors.last_said(patient_of(actor, encounter))
    return asdict(said) | {"region": said.region or home_of(encounter.organization)}


def _holds(asked: Questions, place: dict[str, str]) -> bool:
    """Who has been here before is not asked again: the check shows where they were, and they go on or change it."""
    return not asked.asks_video and bool(place["place"] and place["callback_phone"])


def _words(actor: Actor, encounter: Encounter) -> dict[str, Any]:
    """Who and when, what may be changed, and who comes along."""
    patient = patient_of(actor, encounter)
    return {
        "encounter": encounter,
        "patient": patient,
        "own_name": patient.given_name if actor.type == "patient" else actor.label,
        "for_whom": patient.given_name if actor.for_patient_id is not None else "",
        "fetch": whom_to_fetch(actor, encounter),
        **emergency_words(actor, encounter),
        "coming": coming_of(actor, encounter.appointment),
        "also_there": guests_told_to_patients(
            encounter.appointment, besides=actor.id if actor.type == "guest" else None
        ),
        "link_goes_by": confirmed_by(encounter.appointment) if encounter.appointment.is_walk_in else "",
        **when_words(encounter),
        **_changes(actor, encounter.appointment),
    }


def _changes(actor: Actor, appointment: Appointment) -> dict[str, Any]:
    """What the person of the link may change, and until when."""
    until = until_when(appointment)
    return {
        "may_cancel": is_changeable(actor, appointment),
        "may_move": movable_to(actor, appointment) is not None,
        "until": until,
        "is_late": now() > until,
        "may_book": bool(offerings(appointment.organization)),
    }
