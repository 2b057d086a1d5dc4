"""Reading types of visit for the desk's forms."""

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.policy import Relation, may
from scheduling.models import VisitType


def visit_types_to_book(actor: Actor) -> QuerySet[VisitType]:
    """What the clinic offers and the actor may book: the desk everything, a practitioner what they offer."""
    if actor.organization_id is None:
        return VisitType.objects.none()
    offered = VisitType.objects.filter(organization_id=actor.organization_id, is_active=True).order_by("name")
    if may(actor, "scheduling.appointment.book", Relation.SAME_CLINIC):
        return offered
    return offered.filter(practitioners=actor.practitioner_id)
