"""Who asks, and for which clinic: what the staff pages of messages begin with."""

from django.http import HttpRequest

from accounts.actors import Actor
from accounts.models import Organization
from accounts.selectors import organization_of
from core.errors import NotFound

GET_POST = ["GET", "HEAD", "POST"]


def who(request: HttpRequest) -> tuple[Actor, Organization]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    clinic = organization_of(actor)
    if clinic is None:
        raise NotFound
    return actor, clinic
