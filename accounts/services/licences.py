"""Writing where a practitioner may practise. It is held against where patients are, and warns (accounts.licences)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Licence, Practitioner
from accounts.policy import Relation, require
from accounts.regions import is_region
from audit.services import record
from core.errors import Invalid


@transaction.atomic
def add_licence(
    *,
    actor: Actor,
    practitioner: Practitioner,
    region: str,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Licence:
    """Keep a licence; the same one twice is kept once."""
    _require(actor, practitioner)
    if not is_region(region):
        raise Invalid(_("Choose a country or a part of one from the list."), code="licence.region", field="region")
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise Invalid(_("The last day is before the first."), code="licence.period", field="ends_on")
    licence, is_new = Licence.objects.get_or_create(
        practitioner=practitioner, region=region, starts_on=starts_on, ends_on=ends_on
    )
    if is_new:
        record(actor=actor, action="licence.add", entity=practitioner, detail={"region": region})
    return licence


@transaction.atomic
def remove_licence(*, actor: Actor, licence: Licence) -> None:
    """Typed by mistake, or withdrawn. Taken away twice is the same as once."""
    _require(actor, licence.practitioner)
    taken, _rows = Licence.objects.filter(pk=licence.pk).delete()
    if taken:
        record(actor=actor, action="licence.remove", entity=licence.practitioner, detail={"region": licence.region})


def _require(actor: Actor, practitioner: Practitioner) -> None:
    here = actor.organization_id == practitioner.organization_id
    require(actor, "accounts.licence.change", Relation.SAME_CLINIC if here else Relation.OTHER_CLINIC)
