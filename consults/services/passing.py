"""Writing that a visit goes on to somebody else: to a colleague's line, or to one that several share."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.selectors import get_practitioner_of
from consults import ports
from consults.lifecycle import BEGUN, VisitStatus
from consults.models import Encounter, Pool, Queue, Station
from consults.policies import require_row
from consults.presence import is_open
from consults.services import undoing
from consults.services.line import to_line
from consults.services.queues import ensure_queue
from consults.services.rows import (
    called_back_anew,
    line_changed,
    lock_lines,
    locked_visit,
    own_place_again,
    raise_queue_version,
    record_visit,
    store_change,
)
from consults.services.stations import open_station
from consults.services.waits import forget_told
from core.clock import now
from core.errors import Conflict, Invalid, NotFound

LONGEST_WHY = 200


@transaction.atomic
def pass_on(*, actor: Actor, encounter: Encounter, to: Practitioner | Pool, why: str = "") -> Encounter:
    """The patient waits in the other line, with their earlier arrival, so that they are not the last there.

    Out of a call whoever performed it is out of the room, the patient keeps their seat, and a recording ends. Only who
    performs a visit passes it on out of the call; one who waits, the desk and everybody who may call them in.
    """
    encounter = locked_visit(encounter)
    require_row(actor, "consults.visit.pass_on", encounter)
    _require_on_its_way(actor, encounter)
    before, queue = encounter.queue, _line_of(actor, encounter, to)
    if queue.pk == before.pk:
        raise Conflict(_("They stand in this line already. Choose another one."), code="pass_on.same")
    why = _checked(why)
    if encounter.status in BEGUN:
        to_line(actor, encounter)
        ports.tell_passed_on(actor, encounter)
    encounter.queue = queue
    encounter.practitioner = to if isinstance(to, Practitioner) else encounter.appointment.practitioner
    encounter.performer_since = now()
    place = (*own_place_again(encounter), *called_back_anew(encounter))
    lock_lines(before, queue)
    fields = ("queue", "practitioner", "performer_since", "status", "started_at", "held_at")
    store_change(encounter, *fields, *place)
    raise_queue_version(before)
    by = get_practitioner_of(actor)
    open_station(encounter, passed_on_by=by.short_name if by is not None else actor.label, why=why)
    forget_told(encounter)
    for line in (before, queue):
        line_changed(line)
    record_visit(actor, "consults.visit.pass_on", encounter, before=str(before.uuid), to=str(queue.uuid))
    return encounter


def offer_unpass(actor: Actor, encounter: Encounter) -> str:
    """What undoes passing on this visit, which was just done."""
    return undoing.offer(actor, undoing.PASSED, encounter, station=_waits_at(encounter).pk)


def unpass(actor: Actor, encounter: Encounter, before: dict[str, Any]) -> None:
    """For the undoing, of a locked visit: they wait in the former line again, while nobody has called them from this.

    Whoever passed them on may have no right to the visit any more; that it was they who did says the signed word.
    """
    if encounter.organization_id != actor.organization_id:
        raise NotFound
    station = _waits_at(encounter)
    former = encounter.stations.exclude(pk=station.pk).order_by("-until").first()
    if station.pk != before["station"] or encounter.status != VisitStatus.ARRIVED or former is None:
        raise undoing.too_late()
    left, encounter.queue = encounter.queue, former.queue
    encounter.practitioner = former.queue.practitioner or encounter.appointment.practitioner
    encounter.performer_since = now()
    anew = called_back_anew(encounter)
    lock_lines(left, encounter.queue)
    store_change(encounter, "queue", "practitioner", "performer_since", *anew)
    raise_queue_version(left)
    station.delete()
    if former.begun_at is None:
        Station.objects.filter(pk=former.pk).update(until=None)
    else:
        # Who was in a call there waits anew: what was before stays in the timeline.
        open_station(encounter)
    forget_told(encounter)
    for line in (left, encounter.queue):
        line_changed(line)
    record_visit(actor, "consults.visit.unpass", encounter, before=str(left.uuid), to=str(encounter.queue.uuid))


def _waits_at(encounter: Encounter) -> Station:
    """Where they were passed on to. Conflict `undo.late` where they are out of the line, or called in."""
    found = encounter.stations.filter(until=None, begun_at=None).exclude(passed_on_by="").first()
    if found is None:
        raise undoing.too_late()
    return found


def _require_on_its_way(actor: Actor, encounter: Encounter) -> None:
    if encounter.status in BEGUN:
        if actor.type != "system" and actor.practitioner_id != encounter.practitioner_id:
            words = _("%(name)s is with them. Ask %(name)s to pass them on.")
            raise Conflict(words % {"name": encounter.practitioner.short_name}, code="visit.in_progress")
    elif encounter.status != VisitStatus.ARRIVED or not is_open(encounter, now()):
        words = _("They are not in the waiting room now. Move the visit on its page instead.")
        raise Conflict(words, code="visit.not_waiting")


def _line_of(actor: Actor, encounter: Encounter, to: Practitioner | Pool) -> Queue:
    if to.organization_id != encounter.organization_id:
        raise NotFound
    if isinstance(to, Practitioner):
        if not to.user.is_active:
            raise Conflict(_("This colleague no longer works here. Choose another one."), code="pass_on.gone")
        return ensure_queue(actor, to)
    if not to.is_active:
        raise Conflict(_("This line is not in use. Choose another one."), code="pass_on.gone")
    return Queue.objects.select_related("pool").get(pool=to)


def _checked(why: str) -> str:
    why = " ".join(why.split())
    if len(why) > LONGEST_WHY or "\x00" in why:
        raise Invalid(_("Say why in up to %(most)s letters.") % {"most": LONGEST_WHY}, code="pass_on.why", field="why")
    return why
