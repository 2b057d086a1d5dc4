"""Booking with whoever of a pool is free: asked one after the other, least loaded that day first."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Location, Patient
from core.errors import Conflict, Invalid
from scheduling.models import Appointment, Interpreter, VisitType
from scheduling.policies import may_for
from scheduling.selectors.pool import pool_for
from scheduling.services.booking import book_wish
from scheduling.services.checks import Companion, Wish, require_possible
from scheduling.services.openness import require_open, with_nearest
from scheduling.services.places import GROUP, group_of
from scheduling.services.rows import spoken_time
from scheduling.services.spans import taken


def book_with_anyone(
    *,
    actor: Actor,
    patient: Patient,
    visit_type: VisitType,
    starts_at: dt.datetime,
    timezone: str,
    ends_at: dt.datetime | None = None,
    reason: str = "",
    modality: str = "",
    room: Location | None = None,
    interpreter: Interpreter | None = None,
    further: Sequence[Patient] = (),
    language: str = "",
    region: str = "",
    guests: Sequence[Companion] = (),
) -> Appointment:
    """Book with the first of the pool who works then and is free. Raises what `book_appointment` raises."""
    ends_at = ends_at or starts_at + dt.timedelta(minutes=visit_type.minutes)
    require_possible(actor, starts_at, ends_at, timezone)
    pool = pool_for(visit_type, starts_at, language=language, region=region)
    wishes = [
        Wish(
            one,
            patient,
            starts_at,
            ends_at,
            timezone,
            visit_type,
            modality,
            room,
            interpreter,
            reason,
            guests=tuple(guests),
            further=tuple(further),
        )
        for one in pool
        if may_for(actor, "scheduling.appointment.book", one)
    ]  # fmt: skip
    # A group that stands is joined before another one is opened.
    wishes.sort(key=lambda wish: group_of(wish) is None)
    refusal: Conflict = taken(
        _("%(time)s: nobody is free. Choose another time.") % {"time": spoken_time(starts_at, timezone)}, starts_at
    )
    for wish in wishes:
        try:
            if group_of(wish) is None:
                require_open(actor, wish)
        except Invalid:
            continue
        try:
            return book_wish(actor, wish)
        except Conflict as conflict:
            refusal = conflict
            if conflict.extra.get("whose") not in ("practitioner", GROUP):
                break  # The patient, the room or the interpreter is taken whoever it is with.
    if wishes:
        with_nearest(refusal, actor, wishes[0], anybody=True)
    raise refusal
