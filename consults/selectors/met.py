"""Reading whether a practitioner has met whom they called in."""

from consults import ports
from consults.models import Encounter


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
