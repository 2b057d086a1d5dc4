"""Reading how well waits were foretold: per practitioner, over the last 30 days. No patient is in it."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.policy import require
from consults.models import WaitTold
from core.clock import now

SCORED_FOR = dt.timedelta(days=30)
# From fewer, a share says little.
ENOUGH = 20


@dataclass(frozen=True)
class Score:
    """Of so many waits, how many ended inside what was said, sooner and later."""

    waits: int
    inside: int
    sooner: int
    later: int

    @property
    def per_hundred(self) -> int | None:
        """How many of a hundred ended inside; None while there are too few to say so."""
        return round(100 * self.inside / self.waits) if self.waits >= ENOUGH else None


@dataclass(frozen=True)
class WaitScores:
    """The whole clinic's score, and each practitioner's, by name."""

    whole: Score
    practitioners: tuple[tuple[Practitioner, Score], ...]


def wait_scores(actor: Actor) -> WaitScores:
    """How often people of the actor's clinic were called in when they had been told; two queries."""
    require(actor, "consults.waits.view")
    ended = WaitTold.objects.filter(
        organization_id=actor.organization_id or 0, told_at__gte=now() - SCORED_FOR, waited_s__isnull=False
    )
    rows = ended.values("encounter__practitioner_id").annotate(
        waits=Count("pk"),
        sooner=Count("pk", filter=Q(waited_s__lt=F("low_s"))),
        later=Count("pk", filter=Q(waited_s__gt=F("high_s"))),
    )
    counted = {
        row["encounter__practitioner_id"]: Score(
            row["waits"], row["waits"] - row["sooner"] - row["later"], row["sooner"], row["later"]
        )
        for row in rows
    }
    people = Practitioner.objects.filter(pk__in=counted).order_by("family_name", "given_name", "pk")
    each = counted.values()
    return WaitScores(
        Score(
            sum(one.waits for one in each),
            sum(one.inside for one in each),
            sum(one.sooner for one in each),
            sum(one.later for one in each),
        ),
        tuple((one, counted[one.pk]) for one in people),
    )
