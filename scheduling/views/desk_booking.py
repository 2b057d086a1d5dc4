"""The desk books a visit: the form, the page with other times when one is taken, the warning outside the hours."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.models import Organization, Patient, Practitioner
from accounts.policy import Relation, guarded, may
from accounts.selectors import patients, practitioners
from accounts.who import who
from core.clock import today
from core.errors import Conflict, Invalid, NotFound
from scheduling.forms.desk_booking import AppointmentForm
from scheduling.forms.groups import MORE_PATIENTS, FurtherPatientsForm
from scheduling.forms.guests import GuestRows
from scheduling.forms.rooms import FIELD_OF
from scheduling.models import Appointment
from scheduling.selectors import get_appointment, patients_to_choose
from scheduling.selectors.licensing import licence_note
from scheduling.selectors.rooms import interpreters_to_book, rooms_to_book
from scheduling.selectors.visit_types import visit_types_to_book
from scheduling.services import book_appointment, book_series, book_with_anyone

NAV = {"nav": "calendar"}
FROM_ADDRESS = ("practitioner", "on", "at", "minutes", "visit_type", "patient", "interpreter", "reason", "follows")


@dataclass
class Answer:
    """What came of a posted form: the visit, or the page's status with what it offers instead."""

    booked: Appointment | None = None
    status: int = 422
    nearest: list[dict[str, Any]] = field(default_factory=list)
    outside: str = ""
    conflicts: list[dict[str, Any]] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.appointment.book")
def appointment_new(request: HttpRequest) -> HttpResponse:
    actor, clinic = who(request)
    guests = GuestRows(request.POST if request.method == "POST" else None)
    everybody = patients(actor)
    form, further = _form(request, actor, clinic, everybody), _further(request, everybody)
    answer = Answer(status=200)
    if "more_guests" in request.POST:
        guests.add_row()
    elif request.method == "POST" and not wants_a_row(request):
        answer = _book(actor, clinic, form, guests, further)
        if answer.booked is not None:
            messages.success(request, gettext("The visit is booked. Copy the link below and send it to the patient."))
            if note := licence_note(answer.booked):
                messages.warning(request, note)
            return redirect("appointment", appointment=answer.booked.uuid)
    form.fields["patient"].queryset = _patients_shown(actor, form)  # type: ignore[attr-defined]
    further.narrow(lambda: patients_to_choose(actor))
    context = {
        "form": form,
        "guests": guests,
        "further": further,
        "takes_several": visit_types_to_book(actor).filter(capacity__gt=1).exists(),
        "nearest": answer.nearest,
        "outside": answer.outside,
        "conflicts": [_date_of(one) for one in answer.conflicts],
        "timezone": clinic.timezone,
    }
    return render(request, "scheduling/appointment_new.html", NAV | context, status=answer.status)


def _form(request: HttpRequest, actor: Actor, clinic: Organization, everybody: QuerySet[Patient]) -> AppointmentForm:
    given = request.POST if wants_a_row(request) else request.GET
    names = AppointmentForm.base_fields if wants_a_row(request) else FROM_ADDRESS
    asked = {name: given[name] for name in names if name in given}
    return AppointmentForm(
        request.POST if request.method == "POST" and not wants_a_row(request) else None,
        patients=everybody,
        practitioners=_bookable(actor),
        visit_types=visit_types_to_book(actor),
        rooms=rooms_to_book(actor),
        interpreters=interpreters_to_book(actor),
        timezone=clinic.timezone,
        initial=_first_values(actor, clinic) | asked,
    )


def wants_a_row(request: HttpRequest) -> bool:
    """Nothing is booked yet: the form comes back as it was typed, with room for one more guest or patient."""
    return request.method == "POST" and ("more_guests" in request.POST or MORE_PATIENTS in request.POST)


def _further(request: HttpRequest, everybody: QuerySet[Patient]) -> FurtherPatientsForm:
    data = request.POST if request.method == "POST" else None
    is_asked = data is not None and not wants_a_row(request)
    return FurtherPatientsForm(data, patients=everybody, is_asked=is_asked, one_more=MORE_PATIENTS in request.POST)


def _date_of(conflict: dict[str, Any]) -> dict[str, Any]:
    return {**conflict, "on": dt.datetime.fromisoformat(conflict["local"]).date()}


def _patients_shown(actor: Actor, form: AppointmentForm) -> QuerySet[Patient]:
    """A page shows the clinic's patients; once one is chosen, that one: a taken time is no reason for thousands."""
    chosen = form.cleaned_data.get("patient") if form.is_bound else None
    return patients_to_choose(actor, only=chosen)


def _bookable(actor: Actor) -> QuerySet[Practitioner]:
    """Whose visits the actor may book: the desk everybody's, a practitioner their own. With their hours, which booking
    looks at twice."""
    found = practitioners(actor).select_related("schedule")
    if may(actor, "scheduling.appointment.book", Relation.SAME_CLINIC):
        return found
    return found.filter(pk=actor.practitioner_id or 0)


def _first_values(actor: Actor, clinic: Organization) -> dict[str, object]:
    own = _bookable(actor).filter(pk=actor.practitioner_id).first() if actor.practitioner_id else None
    return {"on": today(clinic.timezone), "practitioner": own.uuid if own else None}


def _book(
    actor: Actor, clinic: Organization, form: AppointmentForm, guests: GuestRows, further: FurtherPatientsForm
) -> Answer:
    """422 for what was typed and for a time outside the hours, 409 for one taken meanwhile; nothing typed is lost."""
    # All are asked: whoever puts things right is told all of them at once.
    if not all([form.is_valid(), guests.is_valid(), further.is_valid()]):
        return Answer()
    try:
        return Answer(booked=_booked(actor, clinic, form, guests, further))
    except Conflict as refusal:
        form.add_error(FIELD_OF.get(refusal.extra.get("whose", ""), "at"), refusal.message)
        return Answer(status=refusal.status, nearest=_times(refusal), conflicts=refusal.extra.get("conflicts", []))
    except Invalid as refusal:
        place = refusal.extra.get("field")
        form.add_error(place if place in form.fields else "at", refusal.message)
        outside = refusal.message if refusal.code == "appointment.outside_rules" else ""
        return Answer(status=refusal.status, outside=outside)


def _booked(
    actor: Actor, clinic: Organization, form: AppointmentForm, guests: GuestRows, further: FurtherPatientsForm
) -> Appointment:
    typed = form.cleaned_data
    visit_type, instead = typed["visit_type"], form.instead()
    practitioner = typed["practitioner"]
    if instead:
        practitioner = _bookable(actor).filter(uuid=instead["practitioner"]).first()
        if practitioner is None:
            raise NotFound
    starts_at = instead.get("starts_at", typed["starts_at"])
    minutes = typed["minutes"] or visit_type.minutes
    wanted: dict[str, Any] = {
        "actor": actor,
        "patient": typed["patient"],
        "starts_at": starts_at,
        "ends_at": starts_at + dt.timedelta(minutes=minutes),
        "timezone": clinic.timezone,
        "visit_type": visit_type,
        "modality": typed["modality"],
        "room": typed["room"],
        "interpreter": typed["interpreter"],
        "reason": typed["reason"],
        "guests": guests.companions,
        "further": further.patients,
    }
    if practitioner is None:
        return book_with_anyone(**wanted, language=typed["patient"].language)
    if rule := form.rule():
        return _series(wanted, typed, rule, practitioner, minutes)
    follows = get_appointment(actor, typed["follows"]) if typed["follows"] else None
    return book_appointment(**wanted, practitioner=practitioner, follows=follows, outside_rules=typed["outside_rules"])


def _series(
    wanted: dict[str, Any], typed: dict[str, Any], rule: str, practitioner: Practitioner, minutes: int
) -> Appointment:
    """The first of the series; its page says that others follow."""
    given = {name: value for name, value in wanted.items() if name not in ("starts_at", "ends_at")}
    booked = book_series(
        **given,
        practitioner=practitioner,
        starts_local=typed["local"],
        minutes=minutes,
        rrule=rule,
        leave_out_taken=typed["leave_out"],
    )
    return booked.made[0]


def _times(refusal: Conflict) -> list[dict[str, Any]]:
    """The offered times as the page shows them; the press on one posts the whole form again with it."""
    return [
        {
            "value": f"{offer['practitioner']} {offer['starts_at']}",
            "name": offer["name"],
            "starts_at": dt.datetime.fromisoformat(offer["starts_at"]),
        }
        for offer in refusal.extra.get("nearest", ())
    ]
