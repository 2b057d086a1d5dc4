"""What a page must know to ask a browser whether it may be told: our key, and the browsers that are told already."""

import hashlib
from dataclasses import dataclass

import structlog

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import may
from notifications.channels import carrier_for, vapid
from notifications.models import Channel, PushSubscription
from notifications.policies import relation_to_own
from notifications.selectors.choosing import known_as

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PushOffer:
    """`told` are digests of endpoints, so that a browser knows its own and no other."""

    key: str
    told: tuple[str, ...]


def push_offer(actor: Actor, patient: Patient) -> PushOffer | None:
    """None where the clinic sends no notifications, or to this person none."""
    if carrier_for(Channel.PUSH) is None:
        return None
    if not may(actor, "notifications.push.subscribe", relation_to_own(actor, patient)):
        return None
    try:
        key = vapid.public_key()
    except (OSError, ValueError) as error:
        # A key that cannot be read or made: the page of a visit is there without this button.
        log.error("notifications_without_a_key", error=type(error).__name__)
        return None
    rows = PushSubscription.objects.filter(known_as(patient)).order_by("pk").values_list("endpoint", flat=True)
    return PushOffer(key, tuple(hashlib.sha256(endpoint.encode()).hexdigest() for endpoint in rows))
