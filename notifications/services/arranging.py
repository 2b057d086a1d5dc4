"""What a clinic's administrators set: which kinds go out and when, quiet hours, the day's limit, words of their own."""

import uuid as uuids
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Organization
from accounts.policy import require
from audit.services import record
from core.errors import Invalid, NotFound
from notifications.kinds import Kind, all_kinds, kind_of
from notifications.languages import LANGUAGES
from notifications.models import Channel, ClinicMessages, OwnWords, PlannedKind
from notifications.ports import visit_types_of
from notifications.selectors.plans import Planned, Rules

DAY_MINUTES = 24 * 60
MOST_BEFORE = 30 * DAY_MINUTES
MOST_MESSAGES = 100
LONGEST_WORDS = 600


@transaction.atomic
def set_plan(*, actor: Actor, organization: Organization, plan: Mapping[str, Planned], rules: Rules) -> None:
    """What holds for all visits of the clinic, by name of kind; and for all its messages."""
    _require(actor, organization)
    _check_rules(rules)
    for name, planned in plan.items():
        _put(organization, None, name, planned)
    ClinicMessages.objects.update_or_create(
        organization=organization,
        defaults={"quiet_from": rules.quiet_from, "quiet_until": rules.quiet_until, "most_a_day": rules.most},
    )
    detail = {"off": sorted(name for name, planned in plan.items() if not planned.is_on), "most": rules.most}
    record(actor=actor, action="notifications.plan.change", entity=organization, detail=detail)


@transaction.atomic
def set_plan_of_type(
    *, actor: Actor, organization: Organization, visit_type: uuids.UUID, plan: Mapping[str, Planned | None]
) -> None:
    """What differs for visits of one type; None: as for all visits."""
    _require(actor, organization)
    if visit_type not in {one.uuid for one in visit_types_of(actor)}:
        raise NotFound
    for name, planned in plan.items():
        if planned is None:
            PlannedKind.objects.filter(organization=organization, kind=name, visit_type=visit_type).delete()
        else:
            _put(organization, visit_type, name, planned)
    detail = {"visit_type": str(visit_type), "own": sorted(name for name, planned in plan.items() if planned)}
    record(actor=actor, action="notifications.plan.change", entity=organization, detail=detail)


@transaction.atomic
def set_own_words(*, actor: Actor, organization: Organization, kind: str, language: str, words: str) -> None:
    """A paragraph of the clinic's in the emails of a kind; empty takes it away."""
    _require(actor, organization)
    known = _kind(kind)
    if Channel.EMAIL not in known.channels:
        refusal = _("This message never goes as an email, and only emails have such words.")
        raise Invalid(refusal, code="words.no_email")
    if language not in LANGUAGES:
        raise Invalid(_("Choose a language from the list."), code="words.language", field="language")
    words = "\n".join(" ".join(line.split()) for line in words.strip().splitlines())
    if len(words) > LONGEST_WORDS:
        said = _("Say it in %(number)s letters or fewer.") % {"number": LONGEST_WORDS}
        raise Invalid(said, code="words.long", field="words")
    rows = OwnWords.objects.filter(organization=organization, kind=known.name, language=language)
    if words:
        OwnWords.objects.update_or_create(
            organization=organization, kind=known.name, language=language, defaults={"words": words}
        )
    else:
        rows.delete()
    detail = {"kind": known.name, "language": language, "letters": len(words)}
    record(actor=actor, action="notifications.words.change", entity=organization, detail=detail)


def _put(organization: Organization, visit_type: uuids.UUID | None, name: str, planned: Planned) -> None:
    kind = _kind(name)
    if not planned.is_on and not kind.can_be_off:
        raise Invalid(_("This message is always sent."), code="plan.always", field=name)
    before = planned.minutes_before if kind.minutes_before is not None else None
    if before is not None and not 1 <= before <= MOST_BEFORE:
        raise Invalid(_("Choose a time from the list."), code="plan.before", field=name)
    PlannedKind.objects.update_or_create(
        organization=organization,
        kind=name,
        visit_type=visit_type,
        defaults={"is_on": planned.is_on, "minutes_before": before},
    )


def _kind(name: str) -> Kind:
    if name not in {one.name for one in all_kinds()}:
        raise Invalid(_("Choose a message from the list."), code="plan.kind", field="kind")
    return kind_of(name)


def _check_rules(rules: Rules) -> None:
    for field, minute in (("quiet_from", rules.quiet_from), ("quiet_until", rules.quiet_until)):
        if not 0 <= minute < DAY_MINUTES:
            raise Invalid(_("Enter a time of day, like 9:00 pm."), code="plan.quiet", field=field)
    if not 1 <= rules.most <= MOST_MESSAGES:
        words = _("Enter a number from 1 to %(most)s.") % {"most": MOST_MESSAGES}
        raise Invalid(words, code="plan.most", field="most")


def _require(actor: Actor, organization: Organization) -> None:
    require(actor, "notifications.plan.change")
    if actor.type != "system" and actor.organization_id != organization.pk:
        raise NotFound
