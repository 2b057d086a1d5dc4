"""Writing where a visit's room is, with a version that the relay there takes. Choosing a relay is signaling's part."""

import uuid as uuids

from django.db import transaction
from django.db.models import F

from accounts.actors import Actor, system_actor
from consults import hints
from consults.models import Encounter
from consults.services.rows import record_visit

# Versions must stay whole numbers to every reader of JSON. What a relay reports above this is no version of ours.
_LAST_BELIEVED = 2**52


@transaction.atomic
def place_visit(*, room: uuids.UUID, former: str, relay: str, actor: Actor | None = None) -> bool:
    """Put the visit's room on `relay`, if the records still have it on `former` (empty: on none).

    Of several processes that try at once one does it and gets True; the others read where it is now. The version
    rises, so that the relay takes the room even if it had it before and was told to close it.
    """
    mine = Encounter.objects.filter(uuid=room, relay=former)
    if not mine.update(relay=relay, room_version=F("room_version") + 1):
        return False
    encounter = Encounter.objects.get(uuid=room)
    by = actor or system_actor("relays", encounter.organization_id)
    record_visit(by, "consults.visit.place", encounter, former=former, relay=relay)
    hints.room_changed(encounter)
    return True


@transaction.atomic
def outrun_relay(*, room: uuids.UUID, reported: int) -> bool:
    """Raise a room's version above one that a relay has, as after the database was put back to an earlier state.

    Without it the relay would ignore what the records say, the end of a visit among it. False when it was not needed.
    """
    behind = Encounter.objects.filter(uuid=room, room_version__lt=reported)
    if reported > _LAST_BELIEVED or not behind.update(room_version=reported + 1):
        return False
    encounter = Encounter.objects.get(uuid=room)
    record_visit(
        system_actor("relays", encounter.organization_id), "consults.visit.outrun", encounter, reported=reported
    )
    hints.room_changed(encounter)
    return True
