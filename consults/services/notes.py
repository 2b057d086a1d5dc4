"""Writing desk notes: a short word of staff on a visit, seen on boards and nowhere else."""

import unicodedata
import uuid as uuids

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consults.models import DeskNote, Encounter
from consults.policies import require_row
from consults.services import undoing
from consults.services.rows import locked_visit, raise_queue_version, record_visit
from core.clock import now
from core.errors import Conflict, Invalid, NotFound

LONGEST = 200


@transaction.atomic
def put_note(*, actor: Actor, encounter: Encounter, text: str, instead_of: uuids.UUID | None = None) -> DeskNote:
    """Write the visit's note; `instead_of` names the one that whoever writes has read. Conflict `note.changed`."""
    encounter, author = _locked(actor, encounter)
    text = _checked(text)
    standing = _standing(encounter)
    if standing is not None and standing.text == text:
        return standing
    if (standing.uuid if standing else None) != instead_of:
        raise _changed(standing)
    if standing is not None:
        _remove(actor, standing)
    note = DeskNote.objects.create(
        organization_id=encounter.organization_id,
        encounter=encounter,
        text=text,
        author_id=author,
        by_desk=actor.practitioner_id is None,
        written_at=now(),
    )
    raise_queue_version(encounter.queue)
    record_visit(actor, "consults.note.change" if standing else "consults.note.write", encounter, note=str(note.uuid))
    return note


@transaction.atomic
def remove_note(*, actor: Actor, encounter: Encounter, note: uuids.UUID) -> str:
    """Take the note off the board, and return what undoes it. Conflict `note.changed` where another stands by now."""
    encounter, _author = _locked(actor, encounter)
    standing = _standing(encounter)
    if standing is None or standing.uuid != note:
        raise _changed(standing)
    _remove(actor, standing)
    raise_queue_version(encounter.queue)
    record_visit(actor, "consults.note.remove", encounter, note=str(note))
    return undoing.offer(actor, undoing.NOTE, encounter, note=str(note))


def restore_note(actor: Actor, encounter: Encounter, note: str) -> None:
    """For the undoing, of a locked visit: the note that was removed, where no other was written since."""
    require_row(actor, "consults.note.change", encounter)
    removed = DeskNote.objects.filter(encounter=encounter, uuid=note, removed_at__isnull=False).first()
    if removed is None or _standing(encounter) is not None:
        raise undoing.too_late()
    removed.removed_at, removed.removed_by = None, None
    removed.save(update_fields=["removed_at", "removed_by"])
    raise_queue_version(encounter.queue)
    record_visit(actor, "consults.note.restore", encounter, note=note)


def _locked(actor: Actor, encounter: Encounter) -> tuple[Encounter, int]:
    """The visit, and which member of staff writes."""
    encounter = locked_visit(encounter)
    require_row(actor, "consults.note.change", encounter)
    if actor.user_id is None:
        raise NotFound
    return encounter, actor.user_id


def _standing(encounter: Encounter) -> DeskNote | None:
    return DeskNote.objects.select_related("author").filter(encounter=encounter, removed_at=None).first()


def _remove(actor: Actor, note: DeskNote) -> None:
    note.removed_at, note.removed_by_id = now(), actor.user_id
    note.save(update_fields=["removed_at", "removed_by"])


def _checked(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid(
            _("Write a word or two, then save."), code="note.empty", fields={"text": _("Write a word or two")}
        )
    if len(text) > LONGEST or any(unicodedata.category(sign) == "Cc" for sign in text):
        words = _("Say it in %(count)s letters or fewer") % {"count": LONGEST}
        raise Invalid(words, code="note.text", fields={"text": words})
    return text


def _changed(standing: DeskNote | None) -> Conflict:
    if standing is None:
        return Conflict(_("The note was removed meanwhile. Look again, then write."), code="note.changed")
    said = _("%(name)s has just written another note. Look at it, then change it.") % {"name": standing.author.name}
    return Conflict(said, code="note.changed")
