"""A visit for the pretend patient of the demo: one that is due now, or one booked for now as any other is."""

import datetime as dt

from django.utils.translation import gettext as _

from accounts.actors import system_actor
from accounts.models import Patient, Practitioner
from consults.lifecycle import VisitStatus
from consults.models import Encounter
from consults.selectors import visit_state
from core.clock import now
from core.errors import Conflict
from scheduling.models import PersonalLink
from scheduling.services import book_appointment
from telehealth.demo import times

LABEL = "Demo clinic"
REASON = "Trying Housecall"


def bring_patient(practitioner: Practitioner) -> PersonalLink:
    """The personal link of somebody who may come to `practitioner` now. All else is up to whoever opens it."""
    at = now()
    encounter = _due(practitioner, at) or _book(practitioner, at)
    return encounter.appointment.links.get(guest__isnull=True)


def _due(practitioner: Practitioner, at: dt.datetime) -> Encounter | None:
    """The first visit for one whose door is open and where nobody has come in."""
    planned = (
        Encounter.objects.filter(practitioner=practitioner, status=VisitStatus.PLANNED, appointment__capacity=1)
        .select_related("appointment")
        .order_by("appointment__starts_at", "pk")
    )
    return next((each for each in planned if visit_state(each, at) == "open"), None)


def _book(practitioner: Practitioner, at: dt.datetime) -> Encounter:
    clinic = practitioner.organization
    # Nobody is in two calls at once, and whoever has a face comes first: it is drawn.
    busy = Encounter.objects.filter(organization=clinic, status__in=[VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS])
    others = Patient.objects.filter(organization=clinic).exclude(pk__in=busy.values("patient"))
    patients = list(others.order_by("-face", "pk"))
    for starts_at in times.starts_with_open_door(at):
        for patient in patients:
            try:
                booked = book_appointment(
                    actor=system_actor(LABEL, clinic.pk),
                    patient=patient,
                    practitioner=practitioner,
                    starts_at=starts_at,
                    ends_at=starts_at + times.LENGTH,
                    timezone=clinic.timezone,
                    reason=REASON,
                )
            except Conflict as conflict:
                if conflict.extra.get("whose") == "practitioner":
                    break
                continue
            return Encounter.objects.select_related("appointment").get(appointment=booked)
    words = _("No time is free around now. Finish a visit of today, or start the demo anew.")
    raise Conflict(words, code="pretend.full")
