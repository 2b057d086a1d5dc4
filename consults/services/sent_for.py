"""Writing who is sent for: whoever's turn it is while their page is silent, and who asked to be called back."""

import datetime as dt

from django.db.models import F

from accounts.actors import system_actor
from audit.services import record
from consults import hints, messages
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Queue
from consults.presence import Presence
from consults.turns import silent_turns
from core.clock import now


def call_silent_ones(queue: Queue) -> bool:
    """For the services of this app, in their transaction: True when somebody was called back, which boards show."""
    instant = now()
    called = False
    for turn in silent_turns(queue, instant):
        if turn.is_to_be_called:
            called = _call_back(turn.encounter, instant) or called
        # A page that is loaded again is gone for a moment only.
        due_at = instant if turn.presence is Presence.AWAY else instant + messages.GRACE
        messages.tell_next(turn.encounter, due_at)
    return called


def is_back(encounter: Encounter) -> None:
    """For the services of this app, of a locked visit: whoever was called back is there, and waits like everybody."""
    if encounter.called_at is None:
        return
    encounter.callback_at = encounter.called_at = None
    encounter.save(update_fields=["callback_at", "called_at"])


def _call_back(encounter: Encounter, instant: dt.datetime) -> bool:
    """Their place is kept from now on for as long as the clinic says. Who has the row calls them in another look."""
    asked = Encounter.objects.filter(
        pk=encounter.pk, status=VisitStatus.ARRIVED, callback_at__isnull=False, called_at=None
    )
    # Not waited for: the caller holds another visit's row, and two who wait for each other's would never end.
    if not asked.select_for_update(skip_locked=True).values_list("pk", flat=True).first():
        return False
    Encounter.objects.filter(pk=encounter.pk).update(called_at=instant, turns=F("turns") + 1)
    encounter.refresh_from_db(fields=["called_at", "turns"])
    hints.visit_changed(encounter)
    record(
        actor=system_actor("queue", encounter.organization_id),
        action="consults.visit.call_back",
        entity=encounter,
        patient_id=encounter.patient_id,
    )
    return True
