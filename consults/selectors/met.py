"""Reading whether a practitioner has met whom they called in."""

import uuid as uuids

from consults import ports
from consults.lifecycle import VisitStatus
from consults.models import Encounter


def is_in_progress(visit: uuids.UUID) -> bool:
    """Whether the call with whom somebody called in goes on."""
    return Encounter.objects.filter(uuid=visit, status=VisitStatus.IN_PROGRESS).exists()


def was_met(encounter: Encounter) -> bool:
    """Of a visit in progress: something was done in this call that a call to nobody does not have.

    What was done before, in the call from which the visit was passed on, says nothing: `started_at` begins anew.
    """
    begun = encounter.started_at
    if begun is None:
        return False
    identified = encounter.identity_confirmed_at is not None and encounter.identity_confirmed_at >= begun
    return (
        identified or encounter.arrivals.filter(identity_confirmed_at__gte=begun).exists() or ports.was_acted(encounter)
    )
