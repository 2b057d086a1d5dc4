"""Coming in without a booking: by a pool's door, for a place in its line and a personal link to it.

Nobody is looked up: every one who comes is a patient of their own, whom the desk sorts later (scheduling's merging). So
the answer is the same for people whom the clinic knows, for those who wait already, and for a stranger who types their
name. Whose place it is, the link says, and for a while the browser that came in.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.actors import Actor, system_actor
from accounts.policy import require
from accounts.roles import Role
from accounts.services import register_oneself
from accounts.services.people import PersonSaid, add_related
from audit.services import record
from consent.models import ConsentRight, Purpose
from consent.selectors import is_minor
from consent.services import give_consent
from consent.services.rights import give_right
from consults.lifecycle import BEGUN
from consults.models import Encounter, Pool, Queue
from consults.presence import never_came_in
from consults.selectors.walkin import PoolDoor, door_of, own_place, who_answers
from consults.services.visits import plan_visit_in
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling.links import actor_of
from scheduling.models import PersonalLink
from scheduling.services import cancel_appointment
from scheduling.services.walkin import make_walk_in

ACTION = "consults.walk_in.use"
LONGEST_REASON = 200


def come_in(
    *,
    actor: Actor,
    pool: Pool,
    person: Mapping[str, Any],
    reason: str,
    text_version: str,
    adult: PersonSaid | None = None,
) -> PersonalLink:
    """A place in the pool's line for who typed themselves in, with their yes to a video visit.

    For a child the yes is that of the adult who comes along and says that they may agree: Invalid `walk_in.adult`
    without one.

    Pressed twice, or from a second tab, it is the place that this browser has got for that person already. Raises
    Conflict `line.off`, `line.closed`, `line.nobody` or `line.full`; nothing is kept then. Of many who come at the same
    moment as many get in as may wait.
    """
    require(actor, ACTION)
    if not actor.session or actor.organization_id != pool.organization_id:
        raise NotFound
    try:
        with transaction.atomic():
            return _come_in(actor, pool, person, reason, text_version, adult)
    except Conflict as conflict:
        # Written after the rollback, which would have taken it along.
        record(actor=actor, action=ACTION, entity=pool, outcome="refused", detail={"code": conflict.code})
        raise


def require_way_back(encounter: Encounter) -> None:
    """For the waiting room's door: whoever did not go in from the walk-in door, or has left, comes as if anew.

    Conflict like `come_in` where the line would not take them now.
    """
    pool = encounter.queue.pool
    if pool is None or not Encounter.objects.filter(never_came_in(now()), pk=encounter.pk).exists():
        return
    Queue.objects.select_for_update(no_key=True).get(pk=encounter.queue_id)
    door = door_of(pool, now())
    # Who has closed for the day still sees those who are in line.
    if door.state != "closed" or not (door.waiting or _is_at_work(pool)):
        _require_open(door)


def _is_at_work(pool: Pool) -> bool:
    return Encounter.objects.filter(queue__pool=pool, status__in=BEGUN).exists()


def _come_in(
    actor: Actor, pool: Pool, person: Mapping[str, Any], reason: str, text_version: str, adult: PersonSaid | None
) -> PersonalLink:
    # One after another: of two who want the last place one waits here and sees the other. Without the key, so that
    # rows which point at the line do not wait.
    queue = Queue.objects.select_for_update(no_key=True).get(pool=pool)
    standing = own_place(actor, person)
    if standing is not None:
        return standing
    pool = Pool.objects.select_related("organization").get(pk=pool.pk)
    _require_open(door_of(pool, now()))
    practitioner = who_answers(pool, now())
    if practitioner is None:
        raise nobody()
    patient = register_oneself(actor=actor, organization=pool.organization, **person)
    link = make_walk_in(
        actor=actor,
        patient=patient,
        practitioner=practitioner,
        minutes=pool.visit_minutes,
        reason=" ".join(reason.split())[:LONGEST_REASON],
    )
    encounter = plan_visit_in(actor, link.appointment, queue)
    theirs = actor_of(link, actor.session)
    give_consent(
        actor=_for_child(theirs, link, adult) if is_minor(patient) else theirs,
        patient=patient,
        purpose=Purpose.TELEHEALTH,
        text_version=text_version,
        about=encounter.uuid,
    )
    record(actor=actor, action=ACTION, entity=encounter, patient_id=patient.pk, detail={"pool": str(pool.uuid)})
    return link


def _for_child(theirs: Actor, link: PersonalLink, adult: PersonSaid | None) -> Actor:
    """Whoever agrees for a child, kept as one of their people with the right to; what of it was seen, staff read.

    Nobody has confirmed what was typed: the right is for this visit, and over with its day.
    """
    patient, clinic = link.patient, link.patient.organization
    if adult is None:
        words = _("Tell us which adult comes along and agrees for the child.")
        raise Invalid(words, code="walk_in.adult", field="adult_name")
    door = system_actor("walk-in door", clinic.pk)
    related = add_related(actor=door, patient=patient, said=adult)
    with override(clinic.language):
        seen = _("Said so at the walk-in door. No papers were seen.")
    give_right(
        actor=door,
        related=related,
        purposes=[Purpose.TELEHEALTH],
        basis=ConsentRight.Basis.CHILD,
        seen=seen,
        ends_on=link.appointment.ends_at.astimezone(ZoneInfo(clinic.timezone)).date(),
    )
    return replace(
        theirs,
        type="guest",
        id=None,
        label=related.name,
        roles=frozenset({Role.RELATED_PERSON}),
        patient_id=None,
        related_id=related.pk,
        for_patient_id=patient.pk,
    )


def _require_open(door: PoolDoor) -> None:
    """Raise the Conflict that says why nobody gets in."""
    if door.state == "nobody":
        raise nobody()
    if door.state == "full":
        words = _("The line is full at the moment. Try again in a few minutes.")
        raise Conflict(words, code="line.full")
    if door.state != "open":
        words = _("The line has closed. Nobody can come in without a booking now.")
        raise Conflict(words, code=f"line.{door.state}")


def nobody() -> Conflict:
    return Conflict(_("Nobody is there to see you at the moment. Try again later."), code="line.nobody")


def end_unused() -> int:
    """A job: walk-ins of yesterday who never went in, or left, are cancelled; how many. Their links say so."""
    before = now() - dt.timedelta(days=1)
    rows = Encounter.objects.filter(never_came_in(now()), appointment__ends_at__lt=before)
    ended = 0
    for encounter in rows.select_related("appointment").order_by("pk")[:500]:
        actor = system_actor("walk-ins", encounter.organization_id)
        cancel_appointment(actor=actor, appointment=encounter.appointment, reason="did not come in")
        ended += 1
    return ended
