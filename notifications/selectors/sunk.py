"""Reading the sink: what would have been sent from the demo, newest first."""

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.policy import require
from core.errors import NotFound
from notifications.models import SunkMessage


def sunk_messages(actor: Actor) -> QuerySet[SunkMessage]:
    require(actor, "notifications.sink.view")
    return SunkMessage.objects.filter(organization_id=actor.organization_id or 0).order_by("-at", "-pk")


def get_sunk(actor: Actor, key: str) -> SunkMessage:
    found = sunk_messages(actor).filter(key=key).first()
    if found is None:
        raise NotFound
    return found
