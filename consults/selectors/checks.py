"""Reading what device checks have found: which visits will have trouble, and everything of one visit."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils.translation import gettext

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import may
from consults import checks
from consults.browsers import spoken
from consults.lifecycle import VisitStatus
from consults.models import DoorCheck, Encounter
from consults.people import is_group, name_in_room
from consults.policies import relation_to_visit
from scheduling.models import Appointment, Guest

# For whoever reads many visits at once: `device_trouble` then makes no query of its own.
CHECKS = Prefetch("door_checks", queryset=DoorCheck.objects.order_by("-checked_at"))


@dataclass(frozen=True)
class DeviceWords:
    """What the newest check says of a visit, in one line: what will go wrong, the worst first, or that it passed."""

    words: str
    is_trouble: bool
    checked_at: dt.datetime


@dataclass(frozen=True)
class Checked:
    """What one person's newest check has found."""

    who: str
    checked_at: dt.datetime
    findings: tuple[str, ...]
    trouble: str
    browser: str


def device_trouble(visits: Iterable[Encounter]) -> dict[int, DeviceWords]:
    """Of these visits those whose patient's (or a guest's) newest check went wrong, by primary key.

    For selectors and services of this app, which have asked who may see the visits. One query; none for visits read
    with `CHECKS`. What has begun, or is over, has shown by itself what works.
    """
    return {pk: said for pk, said in device_words(visits).items() if said.is_trouble}


def device_words(visits: Iterable[Encounter]) -> dict[int, DeviceWords]:
    """The same of all that were checked: also of those for whom it went well."""
    asked = [one for one in visits if one.status in (VisitStatus.PLANNED, VisitStatus.ARRIVED)]
    found: dict[int, DeviceWords] = {}
    for row in _checks_of(asked):
        said = _words(row)
        known = found.get(row.encounter_id)
        # The patient's own check stands for the visit; a guest's only where it went wrong and the patient's did not.
        if said is not None and (known is None or (said.is_trouble and not known.is_trouble)):
            found[row.encounter_id] = said
    return found


def device_checks(actor: Actor, appointment: Appointment) -> list[Checked]:
    """Everything that was found at the doors of one visit, the newest first, for staff who may see the visit."""
    encounter = Encounter.objects.select_related("appointment").filter(appointment=appointment).first()
    if encounter is None or not may(actor, "consults.devices.view", relation_to_visit(actor, encounter)):
        return []
    rows = list(DoorCheck.objects.filter(encounter=encounter).order_by("-checked_at"))
    names = _names(encounter, rows)
    return [
        Checked(
            names.get((row.actor_type, row.actor_id), ""),
            row.checked_at,
            tuple(checks.findings(row)),
            ", ".join(checks.troubles(row)),
            spoken(row.browser),
        )
        for row in rows
    ]


def _checks_of(visits: list[Encounter]) -> list[DoorCheck]:
    """Patients' first, and of each group the newest first."""
    if all("door_checks" in getattr(one, "_prefetched_objects_cache", {}) for one in visits):
        rows = [row for one in visits for row in one.door_checks.all()]
    else:
        rows = list(DoorCheck.objects.filter(encounter__in=visits))
    return sorted(rows, key=lambda row: (row.actor_type != "patient", -row.checked_at.timestamp()))


def _words(row: DoorCheck) -> DeviceWords | None:
    """None for who has tried too little to say, and for a guest with whom all is well."""
    is_patient, said = row.actor_type == "patient", checks.troubles(row)
    if said:
        words = ", ".join([said[0], *(_lower(one) for one in said[1:])])
        words = words if is_patient else gettext("Guest: %(trouble)s") % {"trouble": _lower(words)}
        return DeviceWords(words, True, row.checked_at)
    if not is_patient or not row.path:
        return None
    return DeviceWords(checks.passed(row), False, row.checked_at)


def _lower(words: str) -> str:
    """Inside a sentence; an abbreviation stays as it is."""
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def _names(encounter: Encounter, rows: list[DoorCheck]) -> dict[tuple[str, int], str]:
    guests = [row.actor_id for row in rows if row.actor_type == "guest"]
    names = {("guest", pk): name for pk, name in Guest.objects.filter(pk__in=guests).values_list("pk", "name")}
    patients = Patient.objects.filter(pk__in=[row.actor_id for row in rows if row.actor_type == "patient"])
    for patient in patients:
        names["patient", patient.pk] = name_in_room(patient, encounter) if is_group(encounter) else patient.full_name
    return names
