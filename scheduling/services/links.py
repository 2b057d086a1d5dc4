"""Renewing and closing personal links. What a link's secret is, scheduling.links says."""

from django.db import transaction

from accounts.actors import Actor
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import NotFound
from scheduling import ports
from scheduling.models import PersonalLink
from scheduling.policies import relation_to
from scheduling.services.rows import lock_appointment


@transaction.atomic
def reissue_link(*, actor: Actor, link: PersonalLink) -> PersonalLink:
    """Give the link a new secret; the old one and every session it opened stop counting."""
    link = _locked_link(actor, link, "scheduling.link.reissue")
    link.generation += 1
    link.revoked_at = None
    link.save(update_fields=["generation", "revoked_at"])
    _close_sessions(actor, link, "scheduling.link.reissue")
    return link


@transaction.atomic
def revoke_link(*, actor: Actor, link: PersonalLink) -> PersonalLink:
    """Close the link and every session it opened, until it is reissued."""
    link = _locked_link(actor, link, "scheduling.link.revoke")
    if link.revoked_at is None:
        link.revoked_at = now()
        link.save(update_fields=["revoked_at"])
        _close_sessions(actor, link, "scheduling.link.revoke")
    return link


def _locked_link(actor: Actor, link: PersonalLink, action: str) -> PersonalLink:
    appointment = lock_appointment(link.appointment_id)
    require(actor, action, relation_to(actor, appointment))
    found = PersonalLink.objects.select_for_update().get(pk=link.pk)
    if found.guest is not None and found.guest.removed_at is not None:
        raise NotFound
    found.appointment = appointment
    return found


def _close_sessions(actor: Actor, link: PersonalLink, action: str) -> None:
    ports.tell_link_closed(actor, link)
    record(
        actor=actor,
        action=action,
        entity=link,
        patient_id=link.patient_id,
        detail={"generation": link.generation},
    )
