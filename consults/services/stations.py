"""Writing the stations of a visit: one timeline of the lines that it stood in and of those who saw the patient there.

For the services of this app, which have locked the visit.
"""

from consults.models import Encounter, Station
from core.clock import now


def open_station(encounter: Encounter, *, passed_on_by: str = "", why: str = "") -> Station:
    """The visit stands in its line from now on; what it stood in before is closed."""
    close_station(encounter)
    return Station.objects.create(
        encounter=encounter, queue_id=encounter.queue_id, since=now(), passed_on_by=passed_on_by, why=why
    )


def begin_station(encounter: Encounter) -> None:
    """Its practitioner has called them in; taking back from hold is no beginning."""
    station = Station.objects.filter(encounter=encounter, until=None).first() or open_station(encounter)
    if station.begun_at is None:
        station.begun_at, station.practitioner_id = now(), encounter.practitioner_id
        station.save(update_fields=["begun_at", "practitioner"])


def unclaim(encounter: Encounter) -> None:
    """They wait again in the same line, as if nobody had called them in; the caller saves whose they are.

    In a line that several share the next one to call may be another: who said yes to a recording by the one before is
    asked anew.
    """
    Station.objects.filter(encounter=encounter, until=None).update(begun_at=None, practitioner=None)
    if encounter.queue.pool_id is not None:
        encounter.practitioner_id = encounter.appointment.practitioner_id
        encounter.performer_since = now()


def close_station(encounter: Encounter) -> None:
    """They are out of the line, or the visit is over; closing twice changes nothing."""
    Station.objects.filter(encounter=encounter, until=None).update(until=now())
