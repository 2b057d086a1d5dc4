"""Reading who waits and was not called: of a board's visits, and of everybody for whom the desk is to be told."""

import datetime as dt
from collections.abc import Iterable, Sequence

from consults.answering import Answering, answering, their_time
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Unanswered
from consults.presence import open_now, patient_is_there
from consults.selectors.pools import PATIENT_SEATS
from scheduling.models import BookingTerms

_USUAL = int(BookingTerms._meta.get_field("answer_minutes").get_default())


def patience_of(organizations: Iterable[int]) -> dict[int, dt.timedelta]:
    """By clinic, how long after their time somebody may wait."""
    wanted = set(organizations)
    rows = BookingTerms.objects.filter(organization_id__in=wanted).values_list("organization_id", "answer_minutes")
    said = dict(rows)
    return {one: dt.timedelta(minutes=said.get(one, _USUAL)) for one in wanted}


def answering_of(visits: Sequence[Encounter], instant: dt.datetime) -> dict[int, Answering]:
    """By visit, of those who wait, are there and were not called in time. Two queries, none where nobody waits.

    For the selectors and services of this app; the visits were read with their appointments and their patients' seats.
    """
    here = [one for one in visits if one.status == VisitStatus.ARRIVED]
    here = [one for one in here if patient_is_there(one.seats.all(), one.arrived_at, instant)]
    overdue = [one for one in here if instant > their_time(one)]
    if not overdue:
        return {}
    patience = patience_of(one.organization_id for one in overdue)
    known = {(row.encounter_id, row.since): row for row in Unanswered.objects.filter(encounter__in=overdue)}
    found = {}
    for one in overdue:
        row = known.get((one.pk, their_time(one)))
        said = answering(one, row, patience=patience[one.organization_id], instant=instant)
        if said is not None:
            found[one.pk] = said
    return found


def for_the_desk(instant: dt.datetime) -> list[Encounter]:
    """Everybody, of every clinic, of whom the desk is to hear by now: with their clinic and appointment."""
    waiting = Encounter.objects.filter(open_now(instant), status=VisitStatus.ARRIVED, arrived_at__lt=instant)
    rows = list(waiting.select_related("appointment", "organization").prefetch_related(PATIENT_SEATS))
    found = answering_of(rows, instant)
    return [one for one in rows if one.pk in found and found[one.pk].at_desk]
