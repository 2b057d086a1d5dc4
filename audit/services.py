"""Writing audit events, in the caller's transaction. Reading them lives in selectors."""

import hashlib
from collections.abc import Iterable, Mapping
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


def record_many(events: Iterable[tuple[ActorLike, str, Any, Mapping[str, Any]]]) -> None:
    """Write many events of patients in one statement: actor, action, what was acted on (with a patient), detail."""
    AuditEvent.objects.bulk_create(
        (
            _event(actor=actor, action=action, entity=entity, patient_id=entity.patient_id, detail=detail)
            for actor, action, entity, detail in events
        ),
        batch_size=500,
    )


def record_view(*, actor: ActorLike, patient_id: int, page: str) -> None:
    """`record_views` of one patient."""
    record_views(actor=actor, patient_ids=[patient_id], page=page)


def record_views(*, actor: ActorLike, patient_ids: Iterable[int], page: str) -> None:
    """Write that somebody saw patients' data on a page: once per viewer, patient, page and session, in one statement.

    Patients looking at their own data are not recorded. Redraws and races end at the unique `once_key`.
    """
    own = getattr(actor, "patient_id", None)
    events = [_view(actor, patient_id, page) for patient_id in patient_ids if patient_id != own]
    AuditEvent.objects.bulk_create(events, batch_size=500, ignore_conflicts=True)


def _view(actor: ActorLike, patient_id: int, page: str) -> AuditEvent:
    event = _event(actor=actor, action="view", patient_id=patient_id, detail={"page": page})
    parts = (actor.type, actor.id, actor.session, patient_id, page)
    event.once_key = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
    return event


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
