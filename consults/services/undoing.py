"""Taking back what was just pressed on a board: a short while, by whoever pressed it, and while nobody acted upon it.

What is needed for it goes along with the answer, signed, so that nothing is stored for what is hardly ever used. Each
kind looks at the visit once more, locked: what has moved on since stays as it is.
"""

import datetime as dt
import uuid as uuids
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consults.models import Encounter
from core.errors import Conflict

WITHIN = dt.timedelta(seconds=60)
NOTE, MISSED, REQUEUE, ADMIT, PASSED = "note", "missed", "requeue", "admit", "passed"
_SALT = "consults.undo"


def offer(actor: Actor, kind: str, encounter: Encounter, **before: Any) -> str:
    """For the services of this app: what undoes this, as a word that only we can have written."""
    told = {"kind": kind, "visit": str(encounter.uuid), "by": [actor.type, actor.id], "before": before}
    return signing.dumps(told, salt=_SALT, compress=True)


def read(actor: Actor, token: str) -> tuple[str, uuids.UUID, dict[str, Any]]:
    """The kind, the visit and what was before. Conflict `undo.late` for what is old, another's or nobody's."""
    try:
        told = signing.loads(token, salt=_SALT, max_age=WITHIN)
    except signing.BadSignature:
        raise too_late() from None
    if told["by"] != [actor.type, actor.id]:
        raise too_late()
    return told["kind"], uuids.UUID(told["visit"]), told["before"]


def stamp(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def instant(stamped: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(stamped) if stamped else None


def too_late() -> Conflict:
    return Conflict(_("This can no longer be undone: it is too long ago, or has changed since."), code="undo.late")
