"""Keeping what visits take besides people's time: the clinic's rooms, and its interpreters with their languages."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Location, Organization
from audit.services import record
from core.errors import Conflict, Invalid, NotFound
from scheduling.languages import MOST, names
from scheduling.models import Interpreter
from scheduling.policies import may_change_clinic

LONGEST_NAME = 200


@transaction.atomic
def save_room(
    *, actor: Actor, organization: Organization, name: str, is_active: bool = True, room: Location | None = None
) -> Location:
    """Add a room, or change one. Visits that have it keep it, also when it is given to no new ones any more."""
    _require(actor, organization, "scheduling.room.new", room)
    if room is not None and not room.is_room:
        raise NotFound
    name = _name(name)
    row = Location.objects.select_for_update().get(pk=room.pk) if room else Location(organization=organization)
    row.name, row.is_room, row.is_active = name, True, is_active
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as refusal:
        raise Conflict(
            _("The clinic has a place with this name already. Choose another name."), code="room.name", field="name"
        ) from refusal
    action = "scheduling.room.change" if room else "scheduling.room.add"
    record(actor=actor, action=action, entity=row, detail={"active": is_active})
    return row


@transaction.atomic
def save_interpreter(
    *,
    actor: Actor,
    organization: Organization,
    name: str,
    languages: Sequence[str],
    is_active: bool = True,
    interpreter: Interpreter | None = None,
) -> Interpreter:
    """Add an interpreter, or change one; `languages` are BCP 47 tags. Visits that have them keep them."""
    _require(actor, organization, "scheduling.interpreter.new", interpreter)
    name = _name(name)
    if not languages or len(languages) > MOST:
        words = _("Enter from 1 to %(most)s languages.") % {"most": MOST}
        raise Invalid(words, code="interpreter.languages", field="languages")
    if any(tag.partition("-")[0] not in names() for tag in languages):
        raise Invalid(_("Enter languages that we know."), code="interpreter.languages", field="languages")
    row = (
        Interpreter.objects.select_for_update().get(pk=interpreter.pk)
        if interpreter
        else Interpreter(organization=organization)
    )
    row.name, row.languages, row.is_active = name, list(languages), is_active
    row.save()
    action = "scheduling.interpreter.change" if interpreter else "scheduling.interpreter.add"
    record(actor=actor, action=action, entity=row, detail={"languages": list(languages), "active": is_active})
    return row


def _require(actor: Actor, organization: Organization, action: str, row: Location | Interpreter | None) -> None:
    if not may_change_clinic(actor, organization.pk, action):
        raise NotFound
    if row is not None and row.organization_id != organization.pk:
        raise NotFound


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not name or len(name) > LONGEST_NAME:
        words = _("Enter a name of %(most)s letters or fewer.") % {"most": LONGEST_NAME}
        raise Invalid(words, code="room.name", field="name")
    return name
