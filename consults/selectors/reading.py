"""Reading what a clinic gives people to read while they wait."""

from dataclasses import dataclass

from accounts.actors import Actor
from accounts.models import Organization
from accounts.policy import require
from consults.models import WaitingText
from consults.reading import Block, blocks_of
from notifications.languages import LANGUAGES


@dataclass(frozen=True)
class Reading:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class KeptText:
    """One language on the administrators' page: as typed, and as it is shown; both empty where nothing is set."""

    language: str
    name: str
    title: str
    body: str
    shown: Reading | None


def reading_for(organization: Organization, language: str) -> Reading | None:
    """The clinic's words in this language, else in its own; None where it has none of them."""
    wanted = [language.partition("-")[0].lower(), organization.language.partition("-")[0].lower()]
    rows = {row.language: row for row in WaitingText.objects.filter(organization=organization, language__in=wanted)}
    row = next((rows[one] for one in wanted if one in rows), None)
    return Reading(row.title, blocks_of(row.body)) if row is not None else None


def kept_texts(actor: Actor) -> list[KeptText]:
    """All languages of the actor's clinic."""
    require(actor, "consults.reading.change")
    rows = {row.language: row for row in WaitingText.objects.filter(organization_id=actor.organization_id or 0)}
    return [_kept(code, name, rows.get(code)) for code, name in LANGUAGES.items()]


def _kept(code: str, name: str, row: WaitingText | None) -> KeptText:
    if row is None:
        return KeptText(code, name, "", "", None)
    return KeptText(code, name, row.title, row.body, Reading(row.title, blocks_of(row.body)))
