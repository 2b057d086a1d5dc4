"""Reading appointments that belong together: one patient's, past and to come, and those of a series."""

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import may
from core.errors import NotFound
from scheduling.lifecycle import OVER
from scheduling.models import Appointment
from scheduling.policies import relation_to
from scheduling.selectors.groups import visits_with
from scheduling.viewing import record_views

MOST = 200


def visits_of(actor: Actor, patient: Patient) -> list[Appointment]:
    """The newest visits of a patient that the actor may see, latest first; two queries however many there are."""
    if actor.organization_id is None or patient.organization_id != actor.organization_id:
        raise NotFound
    rows = Appointment.objects.select_related("practitioner", "visit_type").filter(visits_with(patient))
    found = []
    for row in rows.order_by("-starts_at", "-pk")[:MOST]:
        if may(actor, "scheduling.appointment.view", relation_to(actor, row, over=row.status in OVER)):
            found.append(row)
    if found:
        record_views(actor=actor, patient_ids=[patient.pk], page="visits")
    return found


def following_in_series(appointment: Appointment) -> int:
    """How many visits of its series come after this one and are not over: what a page asks about."""
    if appointment.series_id is None:
        return 0
    after = Appointment.objects.filter(series_id=appointment.series_id, starts_at__gt=appointment.starts_at)
    return after.exclude(status__in=OVER).count()
