"""Writing pools: lines that several practitioners share, who works them down, and when their door is open."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from audit.services import record
from consults import hints
from consults.models import Pool, PoolHours, PoolMember, Queue
from consults.models.lines import DAY_MINUTES, new_door_token
from consults.policies import may_change_pools, require_pool
from core.errors import Conflict, Invalid, NotFound

LONGEST_NAME = 80
MOST_WAITING = 500
SHORTEST_VISIT, LONGEST_VISIT = 5, 120


@dataclass(frozen=True)
class PoolTerms:
    """What an administrator says of a line; `hours` are from and to in minutes of a day, by weekday (Monday is 0)."""

    name: str
    members: Collection[Practitioner]
    hours: Mapping[int, tuple[int, int]]
    most_waiting: int = 10
    visit_minutes: int = 15
    takes_walk_ins: bool = False
    is_active: bool = True


@transaction.atomic
def save_pool(*, actor: Actor, organization: Organization, terms: PoolTerms, pool: Pool | None = None) -> Pool:
    """Add a line, or change one. Who is with a patient of it keeps them, although they are no member any more."""
    if pool is None:
        if not may_change_pools(actor, organization.pk):
            raise NotFound
    else:
        require_pool(actor, pool)
        pool = Pool.objects.select_for_update().get(pk=pool.pk)
    _check(organization, terms)
    is_new = pool is None
    row = pool or Pool(organization=organization)
    row.name, row.is_active, row.takes_walk_ins = " ".join(terms.name.split()), terms.is_active, terms.takes_walk_ins
    row.most_waiting, row.visit_minutes = terms.most_waiting, terms.visit_minutes
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as refusal:
        words = _("The clinic has a line with this name already. Choose another name.")
        raise Conflict(words, code="pool.name", field="name") from refusal
    queue, _is_new = Queue.objects.get_or_create(pool=row, defaults={"organization_id": organization.pk})
    _set_hours(row, terms.hours)
    _set_members(row, queue, terms.members)
    record(
        actor=actor,
        action="consults.pool.add" if is_new else "consults.pool.change",
        entity=row,
        detail={
            "members": sorted(str(one.uuid) for one in terms.members),
            "walk_ins": row.takes_walk_ins,
            "active": row.is_active,
        },
    )
    return row


@transaction.atomic
def renew_door(*, actor: Actor, pool: Pool) -> Pool:
    """Give the line's walk-in door another address; the old one leads nowhere from now on."""
    require_pool(actor, pool)
    row = Pool.objects.select_for_update().get(pk=pool.pk)
    row.door_token = new_door_token()
    row.save(update_fields=["door_token"])
    record(actor=actor, action="consults.pool.renew_door", entity=row)
    return row


def _check(organization: Organization, terms: PoolTerms) -> None:
    if not 1 <= len(" ".join(terms.name.split())) <= LONGEST_NAME or "\x00" in terms.name:
        words = _("Enter a name of %(most)s letters or fewer.") % {"most": LONGEST_NAME}
        raise Invalid(words, code="pool.name", field="name")
    if not terms.members:
        raise Invalid(_("Choose at least one person who calls them in."), code="pool.members", field="members")
    if any(one.organization_id != organization.pk for one in terms.members):
        raise NotFound
    if not 1 <= terms.most_waiting <= MOST_WAITING:
        words = _("Enter a number from 1 to %(most)s.") % {"most": MOST_WAITING}
        raise Invalid(words, code="pool.most_waiting", field="most_waiting")
    if not SHORTEST_VISIT <= terms.visit_minutes <= LONGEST_VISIT:
        words = _("Enter a number of minutes from %(least)s to %(most)s.")
        words %= {"least": SHORTEST_VISIT, "most": LONGEST_VISIT}
        raise Invalid(words, code="pool.visit_minutes", field="visit_minutes")
    for weekday, (opens, closes) in terms.hours.items():
        if not 0 <= weekday <= 6 or not 0 <= opens < closes <= DAY_MINUTES:
            words = _("The line closes after it opens. Put the two times in order.")
            raise Invalid(words, code="pool.hours", field=f"closes_{weekday}")


def _set_hours(pool: Pool, hours: Mapping[int, tuple[int, int]]) -> None:
    pool.hours.all().delete()
    rows = [PoolHours(pool=pool, weekday=day, opens=opens, closes=closes) for day, (opens, closes) in hours.items()]
    PoolHours.objects.bulk_create(rows)


def _set_members(pool: Pool, queue: Queue, members: Collection[Practitioner]) -> None:
    """Boards of who comes and who goes look again. A board's version is its lines' together: it must not fall."""
    before = set(pool.memberships.values_list("practitioner_id", flat=True))
    after = {one.pk for one in members}
    PoolMember.objects.filter(pool=pool, practitioner_id__in=before - after).delete()
    PoolMember.objects.bulk_create([PoolMember(pool=pool, practitioner_id=pk) for pk in sorted(after - before)])
    Queue.objects.filter(pk=queue.pk).update(version=F("version") + 1)
    queue.refresh_from_db(fields=["version"])
    for own in Queue.objects.filter(practitioner_id__in=before | after).order_by("pk"):
        Queue.objects.filter(pk=own.pk).update(version=F("version") + queue.version)
        hints.lines_changed(own)
    hints.queue_changed(queue)
