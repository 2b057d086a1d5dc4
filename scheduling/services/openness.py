"""Whether a time is within somebody's hours, and which free times are near one that is taken."""

import datetime as dt

from django.utils.translation import gettext as _

from accounts.actors import Actor
from core.errors import Conflict, Invalid
from scheduling import availability
from scheduling.models import Appointment, BusyTime
from scheduling.selectors.plans import plans_by
from scheduling.selectors.rooms import free_instead
from scheduling.selectors.slots import nearest_free
from scheduling.selectors.taken import Others
from scheduling.services.checks import Wish

NEAREST = 6


def require_open(actor: Actor, wish: Wish) -> None:
    """Raise Invalid `appointment.outside_rules` for a time that the practitioner's hours do not have.

    For staff it is a warning: they ask once more with `outside_rules`. Who has no hours is open at any time.
    """
    if actor.type != "user":
        return  # The system brings in what is; patients' own services ask for an offered time.
    if said := outside(wish):
        words = _("%(reason)s Choose another time, or book it all the same.") % {"reason": said}
        raise Invalid(words, code="appointment.outside_rules")


def outside(wish: Wish) -> str:
    """A sentence that says why nobody would be offered this time; empty for one within the hours."""
    day = wish.starts_at.date()
    schedule = getattr(wish.practitioner, "schedule", None)
    schedules = [schedule] if schedule else []
    plans = plans_by(schedules, from_day=day, until_day=day + dt.timedelta(days=1), for_staff=True)
    plan = plans.get(wish.practitioner.pk)
    who = wish.practitioner.short_name
    if plan is not None and not availability.is_open(plan, wish.starts_at, wish.ends_at):
        return _("%(who)s does not see patients at that time.") % {"who": who}
    busy = BusyTime.objects.filter(
        practitioner=wish.practitioner, starts_at__lt=wish.ends_at, ends_at__gt=wish.starts_at
    )
    return _("%(who)s is busy at that time, as their own calendar says.") % {"who": who} if busy.exists() else ""


def with_nearest(
    conflict: Conflict, actor: Actor, wish: Wish, *, anybody: bool = False, besides: Appointment | None = None
) -> None:
    """Give the Conflict its `nearest`: free times around, of the same practitioner or of anybody who offers it.

    Asked after the rollback, and only where somebody reads it: not for the system, and not without a type of visit
    where a patient asks.
    """
    may_look = actor.is_staff or wish.visit_type is not None
    if conflict.code != "slot.taken" or actor.type == "system" or not may_look:
        return
    if actor.is_staff:
        _name_free_instead(conflict, wish, besides)
    found = nearest_free(
        actor,
        visit_type=wish.visit_type,
        practitioner=None if anybody else wish.practitioner,
        around=wish.starts_at,
        count=NEAREST,
        minutes=int((wish.ends_at - wish.starts_at).total_seconds() // 60),
        others=Others(patient=wish.patient, interpreter=wish.interpreter, room=wish.room, besides=besides),
    )
    conflict.extra["nearest"] = [
        {
            "practitioner": str(offer.practitioner.uuid),
            "name": offer.practitioner.short_name,
            "starts_at": offer.starts_at.isoformat(),
            "ends_at": offer.ends_at.isoformat(),
        }
        for offer in found
    ]


def _name_free_instead(conflict: Conflict, wish: Wish, besides: Appointment | None) -> None:
    """Of a taken room or interpreter: which others are free at that time, in the Conflict's words too."""
    whose = conflict.extra.get("whose")
    if whose not in ("location", "interpreter"):
        return
    speaks = wish.interpreter if whose == "interpreter" else None
    clinic = wish.practitioner.organization_id
    found = free_instead(whose, clinic, wish.starts_at, wish.ends_at, speaks=speaks, besides=besides)
    conflict.extra["free"] = found
    if found:
        conflict.message += " " + _("Free then: %(names)s.") % {"names": ", ".join(found)}
