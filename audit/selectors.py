"""Reading audit events, never across organisations."""

from datetime import datetime

from django.db.models import QuerySet

from audit.models import AuditEvent


def events_for(
    *,
    organization_id: int,
    patient_id: int | None = None,
    action: str = "",
    entity_type: str = "",
    entity_id: str = "",
    since: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """The organisation's events, newest first, narrowed by what is given."""
    events = AuditEvent.objects.filter(organization_id=organization_id).order_by("-recorded_at", "-id")
    if patient_id is not None:
        events = events.filter(patient_id=patient_id)
    if action:
        events = events.filter(action=action)
    if entity_type:
        events = events.filter(entity_type=entity_type)
    if entity_id:
        events = events.filter(entity_id=entity_id)
    if since is not None:
        events = events.filter(recorded_at__gte=since)
    return events
