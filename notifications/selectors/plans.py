"""What a clinic sends and when; without a word of its own, as usual."""

import uuid as uuids
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Organization
from notifications.kinds import all_kinds
from notifications.models import ClinicMessages, OwnWords, PlannedKind
from notifications.models.choices import MOST_A_DAY, QUIET_FROM, QUIET_UNTIL


@dataclass(frozen=True)
class Rules:
    """Of a clinic. Minutes after midnight; messages to one person by one channel within 24 hours."""

    quiet_from: int = QUIET_FROM
    quiet_until: int = QUIET_UNTIL
    most: int = MOST_A_DAY


@dataclass(frozen=True)
class Planned:
    """Whether a kind is sent, and how many minutes before a visit where it is a reminder."""

    is_on: bool
    minutes_before: int | None


def rules_of(organization: Organization) -> Rules:
    """No query where the clinic was read together with its row."""
    row: ClinicMessages | None = getattr(organization, "messages", None)
    return Rules(row.quiet_from, row.quiet_until, row.most_a_day) if row else Rules()


def plan_of(organization_id: int, visit_type: uuids.UUID | None = None) -> dict[str, Planned]:
    """By name of kind: what is planned for visits of this type, else for all, else as usual."""
    rows = PlannedKind.objects.filter(Q(visit_type=None) | Q(visit_type=visit_type), organization_id=organization_id)
    # What is said of one type comes last, and stands.
    said = {row.kind: row for row in sorted(rows, key=lambda row: row.visit_type is not None)}
    found = {}
    for kind in all_kinds():
        row = said.get(kind.name)
        before = row.minutes_before if row and row.minutes_before is not None else kind.minutes_before
        found[kind.name] = Planned(row.is_on if row and kind.can_be_off else True, before)
    return found


def types_with_a_plan(organization_id: int) -> frozenset[uuids.UUID]:
    """The types of visit for which the clinic has said something of its own."""
    rows = PlannedKind.objects.filter(organization_id=organization_id).exclude(visit_type=None)
    return frozenset(one for one in rows.values_list("visit_type", flat=True) if one is not None)


def own_kinds_of(organization_id: int, visit_type: uuids.UUID) -> frozenset[str]:
    """The kinds that have a plan of their own for this type."""
    rows = PlannedKind.objects.filter(organization_id=organization_id, visit_type=visit_type)
    return frozenset(rows.values_list("kind", flat=True))


def own_words_of(organization_id: int, kind: str, language: str) -> str:
    """The clinic's own paragraph in the emails of a kind; empty where it has none."""
    rows = OwnWords.objects.filter(organization_id=organization_id, kind=kind, language=language)
    return rows.values_list("words", flat=True).first() or ""
