"""Counts what must never be: times of one person or room that overlap. Holds no test."""

from itertools import groupby, pairwise

from scheduling.models import OccupiedSpan


def overlaps() -> int:
    """How often a span begins before the one before it, of the same actor, has ended."""
    rows = OccupiedSpan.objects.order_by("actor_id", "starts_at", "ends_at")
    found = 0
    for _, spans in groupby(rows.values_list("actor_id", "starts_at", "ends_at"), key=lambda row: row[0]):
        found += sum(later[1] < earlier[2] for earlier, later in pairwise(spans))
    return found
