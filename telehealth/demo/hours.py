"""Gives the demo clinic its visit types, a room and an interpreter, and its people weekly hours and a walk-in line."""

import datetime as dt

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from consults.models import Pool
from consults.models.lines import DAY_MINUTES
from consults.services.pools import PoolTerms, save_pool
from core.clock import today
from scheduling.models import VisitType
from scheduling.services.availability import Hours, Limits, open_schedule, set_hours
from scheduling.services.offers import Offer, save_visit_type
from scheduling.services.rooms import save_interpreter, save_room
from telehealth.demo import cast


def set_up_booking(actor: Actor, organization: Organization) -> None:
    """What the clinic offers and when; a clinic that has a type of visit is left as it is."""
    if VisitType.objects.filter(organization=organization).exists():
        return
    people = {one.user.email: one for one in _people(organization)}
    for each in cast.OFFERED:
        save_visit_type(
            actor=actor,
            organization=organization,
            offer=Offer(each.name, each.minutes, each.modality, each.preparation),
            practitioners=[people[email] for email in each.practitioners],
        )
    save_room(actor=actor, organization=organization, name=cast.ROOM)
    save_interpreter(actor=actor, organization=organization, name=cast.INTERPRETER, languages=cast.LANGUAGES)
    # From the beginning of this week, so that the calendar shows hours on its past days too.
    present = today(organization.timezone)
    monday = present - dt.timedelta(days=present.weekday())
    for week in cast.WORKING:
        _work(actor, organization, people[week.practitioner], week, monday)


def set_up_walk_ins(actor: Actor, organization: Organization) -> Pool:
    """A line that all its doctors share, whose door is always open, once; also for clinics of an older Housecall."""
    standing = Pool.objects.filter(organization=organization).order_by("pk").first()
    if standing is not None:
        return standing
    terms = PoolTerms(
        name=cast.WALK_IN,
        members=_people(organization),
        hours=dict.fromkeys(range(7), (0, DAY_MINUTES)),
        takes_walk_ins=True,
    )
    return save_pool(actor=actor, organization=organization, terms=terms)


def _people(organization: Organization) -> list[Practitioner]:
    return list(Practitioner.objects.filter(organization=organization).select_related("user"))


def _work(
    actor: Actor, organization: Organization, practitioner: Practitioner, week: cast.Working, first_day: dt.date
) -> None:
    open_schedule(actor=actor, practitioner=practitioner, limits=Limits(timezone=organization.timezone))
    hours = Hours(week.weekdays, *week.hours, first_day)
    pause = Hours(week.weekdays, *week.pause, first_day, is_break=True, label=week.name)
    for one in (hours, pause):
        set_hours(actor=actor, practitioner=practitioner, hours=one)
