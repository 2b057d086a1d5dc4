"""Who asks, and for which clinic: what staff pages begin with."""

from django.http import HttpRequest

from accounts.actors import Actor
from accounts.models import Organization
from accounts.selectors import organization_of
from core.errors import NotFound


def who(request: HttpRequest) -> tuple[Actor, Organization]:
    """The actor and their clinic; NotFound for somebody without one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    clinic = organization_of(actor)
    if clinic is None:
        raise NotFound
    return actor, clinic
