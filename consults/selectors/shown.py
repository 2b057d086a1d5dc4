"""Whether somebody who came by a link has shown who they are: before that, a visit that is over tells them nobody's
name, no time and nothing that was written (docs/door.md, "After the visit")."""

import datetime as dt
from typing import Any

from accounts.actors import Actor
from accounts.policy import may
from consults import codes
from consults.lifecycle import OVER
from consults.models import Encounter, LeaveCode
from consults.people import patient_of
from consults.policies import relation_to_visit, require_visit
from core.clock import now


def has_shown_who(actor: Actor, encounter: Encounter, within: dt.timedelta = codes.OPEN_FOR) -> bool:
    """Whether this session has entered a code a short while ago."""
    require_visit(actor, "consults.leave.open", encounter)
    if not actor.session:
        return False
    rows = LeaveCode.objects.filter(encounter=encounter, patient=patient_of(actor, encounter), session=actor.session)
    return rows.filter(proven_at__gt=now() - within).exists()


def is_withheld(actor: Actor, encounter: Encounter) -> bool:
    """Whether the link is all that is known of them: it may have come into anybody's hands. Guests get no code."""
    if not actor.came_by_link or encounter.status not in OVER:
        return False
    may_show = may(actor, "consults.leave.open", relation_to_visit(actor, encounter))
    return not (may_show and has_shown_who(actor, encounter))


def withheld(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The same snapshot without persons and times; the state stays, by which an open page comes to its calm end."""
    return {
        **snapshot,
        "opens_at": "",
        "starts_at": "",
        "told": "",
        "started_at": None,
        "practitioner": {"name": "", "short_name": "", "face": ""},
        "patient": {"name": "", "given_name": "", "face": ""},
        "group": None,
        "line": {"position": None, "waiting": 0, "now": False},
        "seats": [],
    }
