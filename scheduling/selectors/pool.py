"""Who could see a patient at a time: those who offer the visit, speak the language, may practise there."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from accounts.licences import Held, held_against
from accounts.models import Practitioner
from core.clock import today
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import VisitType


def pool_of(
    visit_type: VisitType, *, language: str = "", region: str = "", on: dt.date | None = None
) -> list[Practitioner]:
    """Those who offer the type, by name; `language` is a BCP 47 tag, `region` an ISO 3166 code ("US" or "US-IL").

    Licences count as of the day `on`, or today. Somebody of whom no language or region is kept is not left out for
    it: the clinic has not said.
    """
    offered = visit_type.practitioners.filter(user__is_active=True).select_related("organization", "schedule")
    offered = offered.prefetch_related("licences").order_by("family_name", "pk")
    return [one for one in offered if _speaks(one, language) and _may_practise(one, region, on)]


def pool_for(
    visit_type: VisitType, starts_at: dt.datetime, *, language: str = "", region: str = ""
) -> list[Practitioner]:
    """The pool in the order in which it is asked: who has the fewest visits on that day of the clinic comes first."""
    zone = ZoneInfo(visit_type.organization.timezone)
    day = starts_at.astimezone(zone).date()
    pool = pool_of(visit_type, language=language, region=region, on=day)
    if not pool:
        return []
    begins = dt.datetime.combine(day, dt.time.min, tzinfo=zone)
    ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, tzinfo=zone)
    of_that_day = Q(appointments__starts_at__gte=begins, appointments__starts_at__lt=ends)
    counts = of_that_day & ~Q(appointments__status=AppointmentStatus.CANCELLED)
    loads = Practitioner.objects.filter(pk__in=[one.pk for one in pool]).annotate(
        load=Count("appointments", filter=counts)
    )
    load_of = dict(loads.values_list("pk", "load"))
    return sorted(pool, key=lambda one: (load_of[one.pk], one.pk))


def _speaks(practitioner: Practitioner, language: str) -> bool:
    """Compared by the language itself: who speaks es-MX is understood in es."""
    spoken = [tag.partition("-")[0].lower() for tag in practitioner.languages]
    return not language or not spoken or language.partition("-")[0].lower() in spoken


def _may_practise(practitioner: Practitioner, region: str, on: dt.date | None) -> bool:
    day = on or today(practitioner.organization.timezone)
    return held_against(practitioner.licences.all(), region.upper(), day) in {Held.COVERED, Held.UNKNOWN}
