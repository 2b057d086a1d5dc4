"""Writing audit events, in the caller's transaction. Reading them lives in selectors."""

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

from audit.models import AuditEvent, Outcome


class ActorLike(Protocol):
    """What audit needs to know of whoever acts; `accounts.actors.Actor` has it."""

    @property
    def type(self) -> str: ...
    @property
    def id(self) -> int | None: ...
    @property
    def label(self) -> str: ...
    @property
    def organization_id(self) -> int | None: ...
    @property
    def session(self) -> str: ...


def record(
    *,
    actor: ActorLike,
    action: str,
    entity: Any = None,
    patient_id: int | None = None,
    outcome: str = Outcome.SUCCESS,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one event. `entity` is the model instance that was acted on.

    `detail` holds codes, counts and ids, never names or clinical words: it is read by people who may not see the chart.
    """
    _event(actor=actor, action=action, entity=entity, patient_id=patient_id, outcome=outcome, detail=detail).save()


def record_view(*, actor: ActorLike, patient_id: int, page: str, entity: Any = None) -> None:
    """Write that somebody saw a patient's data on a page: once per viewer, patient, page and session.

    Patients looking at their own data are not recorded. Redraws and races end at the unique `once_key`.
    """
    if getattr(actor, "patient_id", None) == patient_id:
        return
    event = _event(actor=actor, action="view", entity=entity, patient_id=patient_id, detail={"page": page})
    parts = (actor.type, actor.id, actor.session, patient_id, page, event.entity_type, event.entity_id)
    event.once_key = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
    AuditEvent.objects.bulk_create([event], ignore_conflicts=True)


def _event(
    *,
    actor: ActorLike,
    action: str,
    entity: Any = None,
    patient_id: int | None = None,
    outcome: str = Outcome.SUCCESS,
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    return AuditEvent(
        organization_id=actor.organization_id or getattr(entity, "organization_id", None),
        actor_type=actor.type,
        actor_id=actor.id,
        actor_label=actor.label,
        session=actor.session,
        action=action,
        entity_type=entity._meta.label if entity is not None else "",
        entity_id=str(getattr(entity, "uuid", None) or entity.pk) if entity is not None else "",
        patient_id=patient_id,
        outcome=Outcome(outcome),
        detail=dict(detail or {}),
    )
