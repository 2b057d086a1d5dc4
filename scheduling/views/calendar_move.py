"""Moving a visit: one form for its own page, for the calendar's side panel, and for what was dragged."""

import datetime as dt
import uuid as uuids
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, pgettext
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.models import Location, Organization, Practitioner
from accounts.policy import Relation, guarded, may
from accounts.selectors import practitioners
from accounts.who import who
from core.errors import Conflict, HousecallError, Invalid
from core.http import wants_json
from core.templatetags.ui import STATES
from scheduling.forms.calendar import LONGEST_MINUTES, MoveForm
from scheduling.forms.rooms import FIELD_OF
from scheduling.lifecycle import OVER
from scheduling.links import address_of
from scheduling.models import AT_THE_CLINIC, Appointment, Interpreter
from scheduling.policies import relation_to
from scheduling.selectors import get_appointment, link_of, states_now
from scheduling.selectors.calendar import MOVABLE
from scheduling.selectors.changes import YOU, last_change_by
from scheduling.selectors.rooms import interpreters_to_book, rooms_to_book
from scheduling.selectors.slots import free_slots
from scheduling.selectors.taken import Others
from scheduling.services import move_appointment
from scheduling.services.moving import Using
from scheduling.views.appointments import NAV
from scheduling.views.calendar_rows import clock

Times = list[tuple[str, str]]
M = TypeVar("M", Location, Interpreter)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.appointment.move")
def appointment_move(request: HttpRequest, appointment: uuids.UUID) -> HttpResponse:
    """The visit with its Move form. As JSON: the panel (`panel`), or the free times of a day (`times`)."""
    actor, clinic = who(request)
    found = get_appointment(actor, appointment)
    bound = request.method == "POST"
    form = _form(request, actor, clinic, found, bound=bound)
    if bound:
        return _moved(request, actor, clinic, found, form)
    if wants_json(request) and "times" in request.GET:
        return JsonResponse({"times": form.fields["starts"].widget.choices})
    context = _context(actor, found, form)
    if wants_json(request):
        html = render_to_string("scheduling/_calendar_panel.html", context | {"clinic": clinic}, request)
        return JsonResponse({"html": html})
    return render(request, "scheduling/appointment_move.html", NAV | context)


def _form(request: HttpRequest, actor: Actor, clinic: Organization, found: Appointment, *, bound: bool) -> MoveForm:
    asked = request.POST if bound else request.GET
    is_drag = bound and wants_json(request)
    to = found.practitioner if is_drag else _asked_for(actor, asked) or found.practitioner
    local = found.starts_at.astimezone(ZoneInfo(clinic.timezone))
    on = _day(asked.get("on")) or local.date()
    length = _minutes_of(found)
    using, minutes = _using(actor, found, asked), _length(asked, length)
    first = {"to": to.uuid, "on": on, "starts": found.starts_at.isoformat(), "minutes": length, **_ids(using)}
    return MoveForm(
        request.POST if bound else None,
        practitioners=_people(actor),
        rooms=rooms_to_book(actor, besides=found),
        interpreters=interpreters_to_book(actor, besides=found),
        times=[] if is_drag else _times(actor, clinic, found, to, on, minutes, using),
        minutes=length,
        initial=first | {"sequence": found.sequence},
    )


def _asked_for(actor: Actor, asked: QueryDict) -> Practitioner | None:
    uuid = _uuid(asked.get("to"))
    return _people(actor).filter(uuid=uuid).first() if uuid else None


def _using(actor: Actor, found: Appointment, asked: QueryDict) -> Using:
    """The room and interpreter that are asked for; what is not in the form, as in a drag, stays as it is."""
    room, interpreter = found.room, found.interpreter
    if "room" in asked:
        room = _chosen(rooms_to_book(actor, besides=found), asked.get("room"))
    if "interpreter" in asked:
        interpreter = _chosen(interpreters_to_book(actor, besides=found), asked.get("interpreter"))
    return Using(room, interpreter)


def _chosen(rows: QuerySet[M], typed: str | None) -> M | None:
    uuid = _uuid(typed)
    return rows.filter(uuid=uuid).first() if uuid else None


def _ids(using: Using) -> dict[str, str]:
    """As the form has them."""
    room, interpreter = using.room, using.interpreter
    return {"room": str(room.uuid) if room else "", "interpreter": str(interpreter.uuid) if interpreter else ""}


def _times(
    actor: Actor,
    clinic: Organization,
    found: Appointment,
    to: Practitioner,
    on: dt.date,
    minutes: int,
    using: Using,
) -> Times:
    """What can be chosen that day: the time the visit has, then every free one. Twice the same hour says its offset."""
    zone = ZoneInfo(clinic.timezone)
    slots = free_slots(
        actor,
        visit_type=None,
        practitioner=to,
        from_day=on,
        until_day=on + dt.timedelta(days=1),
        zone=clinic.timezone,
        minutes=minutes,
        others=Others(patient=found.patient, interpreter=using.interpreter, room=using.room, besides=found),
    ).get(to.pk, [])
    starts = [slot.starts_at for slot in slots]
    mine = found.starts_at.astimezone(zone)
    if mine.date() == on and found.starts_at not in starts:
        starts = sorted([*starts, found.starts_at])
    heard = [clock(each.astimezone(zone)) for each in starts]
    return [
        (
            each.isoformat(),
            _time_words(each.astimezone(zone), twice=heard.count(said) > 1, now=_is_now(each, to, found)),
        )
        for each, said in zip(starts, heard, strict=True)
    ]


def _minutes_of(found: Appointment) -> int:
    return int((found.ends_at - found.starts_at).total_seconds() // 60)


def _length(asked: QueryDict, usual: int) -> int:
    typed = asked.get("minutes", "")
    return int(typed) if typed.isascii() and typed.isdigit() and 0 < int(typed) <= LONGEST_MINUTES else usual


def _is_now(at: dt.datetime, to: Practitioner, found: Appointment) -> bool:
    return at == found.starts_at and to.pk == found.practitioner_id


def _time_words(local: dt.datetime, *, twice: bool, now: bool) -> str:
    letters = f" {local.tzname()}" if twice else ""
    return f"{clock(local)}{letters}, {gettext('as it is now') if now else gettext('free')}"


def _moved(
    request: HttpRequest, actor: Actor, clinic: Organization, found: Appointment, form: MoveForm
) -> HttpResponse:
    former = {"to": str(found.practitioner.uuid), "starts": found.starts_at.isoformat(), "minutes": _minutes_of(found)}
    former |= _ids(Using(found.room, found.interpreter))
    using = _using(actor, found, request.POST)
    try:
        if not form.is_valid():
            raise Invalid(fields=_first_errors(form))
        moved = move_appointment(actor=actor, appointment=found, using=using, **_asked(form, clinic))
    except (Conflict, Invalid) as refusal:
        return _refused(request, actor, clinic, found, form, refusal)
    said = gettext("Moved to %(place)s.") % {"place": _place(moved, clinic)}
    if wants_json(request):
        # By the way back, Undo posts just this.
        return JsonResponse({"ok": True, "said": said, "sequence": moved.sequence, "former": former})
    messages.success(request, said)
    on = moved.starts_at.astimezone(ZoneInfo(clinic.timezone)).date()
    return redirect(f"{reverse('calendar')}?on={on.isoformat()}#visit-{moved.uuid}")


def _asked(form: MoveForm, clinic: Organization) -> dict[str, Any]:
    typed = form.cleaned_data
    starts_at = typed["starts"]
    if typed["at"] is not None:
        starts_at = _instant(typed["on"], typed["at"], clinic)
    return {
        "starts_at": starts_at,
        "ends_at": starts_at + dt.timedelta(minutes=typed["minutes"]),
        "practitioner": typed["to"],
        "sequence": typed["sequence"],
    }


def _instant(on: dt.date, at: dt.time, clinic: Organization) -> dt.datetime:
    """A time on the clinic's wall as an instant; one that the clocks skip or show twice is asked about."""
    zone = ZoneInfo(clinic.timezone)
    first, second = (dt.datetime.combine(on, at, tzinfo=zone).replace(fold=fold) for fold in (0, 1))
    instants = {each.astimezone(dt.UTC) for each in (first, second)}
    if len(instants) == 1:
        return instants.pop()
    if first.utcoffset() < second.utcoffset():  # type: ignore[operator]  # both are aware
        words = gettext("The clocks skip this time on that day. Choose another time.")
        raise Invalid(words, code="time.skipped", fields={"at": words})
    words = gettext("The clocks show this time twice on that day. Choose one of the two in the list of times.")
    raise Invalid(words, code="time.twice", fields={"at": words})


def _refused(
    request: HttpRequest,
    actor: Actor,
    clinic: Organization,
    found: Appointment,
    form: MoveForm,
    refusal: HousecallError,
) -> HttpResponse:
    fresh = get_appointment(actor, found.uuid)
    message, fields = refusal.message, refusal.extra.get("fields", {})
    if refusal.code == "appointment.changed":
        message = _changed_words(actor, fresh, clinic)
    if wants_json(request):
        error = refusal.as_dict() | {"message": message}
        return JsonResponse({"error": error}, status=refusal.status)
    if not form.errors:
        place = FIELD_OF.get(refusal.extra.get("whose", "")) or refusal.extra.get("field")
        form.add_error(place or ("at" if "at" in fields else "starts"), message)
    typed = request.POST.copy()
    typed["sequence"] = str(fresh.sequence)
    form.data = typed
    context = _context(actor, fresh, form)
    return render(request, "scheduling/appointment_move.html", NAV | context, status=refusal.status)


def _changed_words(actor: Actor, fresh: Appointment, clinic: Organization) -> str:
    """Who was faster and where the visit is now: what a stale page has to be told."""
    by = last_change_by(actor, fresh)
    if fresh.status in OVER:
        state = gettext(STATES[states_now(actor, [fresh])[fresh.pk]][0]).lower()
        words = gettext("%(name)s has just changed this visit: %(state)s. It was not moved.")
        if by == YOU:
            words = gettext("You have just changed this visit: %(state)s. It was not moved.")
        return words % {"name": by or gettext("Somebody"), "state": state}
    words = gettext("%(name)s has just changed this visit: it is now at %(place)s. It stays there.")
    if by == YOU:
        words = gettext("You have just changed this visit: it is now at %(place)s. It stays there.")
    return words % {"name": by or gettext("Somebody"), "place": _place(fresh, clinic)}


def _place(found: Appointment, clinic: Organization) -> str:
    """ "1:40 pm, Tuesday 24 November, Dr Marlow"."""
    local = found.starts_at.astimezone(ZoneInfo(clinic.timezone))
    day = format_date(local, pgettext("day of this year, in Django's letters", "l j F"))
    return f"{clock(local)}, {day}, {found.practitioner.short_name}"


def _context(actor: Actor, found: Appointment, form: MoveForm) -> dict[str, Any]:
    relation = relation_to(actor, found, over=found.status in OVER)
    is_open = found.status not in OVER
    return {
        "appointment": found,
        "state": states_now(actor, [found])[found.pk],
        "form": form,
        "may_move": found.status in MOVABLE,
        "takes_room": _takes_room(found),
        "may_cancel": is_open and may(actor, "scheduling.appointment.cancel", relation),
        "address": address_of(link_of(actor, found))
        if is_open and may(actor, "scheduling.link.view", relation)
        else "",
    }


def _takes_room(found: Appointment) -> bool:
    needs = found.visit_type is not None and found.visit_type.needs_room
    return needs or found.room_id is not None or found.modality in AT_THE_CLINIC


def _people(actor: Actor) -> QuerySet[Practitioner]:
    """To whom the actor may move a visit: the desk to everybody, a practitioner within their own time. With their
    hours, which moving looks at."""
    found = practitioners(actor).select_related("schedule")
    if may(actor, "scheduling.appointment.move", Relation.SAME_CLINIC):
        return found
    return found.filter(pk=actor.practitioner_id or 0)


def _first_errors(form: MoveForm) -> dict[str, str]:
    return {name: str(errors[0]) for name, errors in form.errors.items()}


def _uuid(text: str | None) -> uuids.UUID | None:
    try:
        return uuids.UUID(text or "")
    except ValueError:
        return None


def _day(text: str | None) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2199 else None
