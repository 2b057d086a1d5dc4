"""Browsers that are to be told: a patient's own, each by one press, and forgotten by another."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid
from notifications.channels import carrier_for
from notifications.channels.endpoints import are_keys, is_push_service
from notifications.models import Channel, PushSubscription
from notifications.policies import relation_to_own
from notifications.selectors.choosing import known_as

# A phone, a computer, and some that were left behind.
MOST = 5


@transaction.atomic
def subscribe(*, actor: Actor, patient: Patient, endpoint: str, p256dh: str, auth: str) -> PushSubscription:
    """Tell this browser too. Said twice it is one; of more than MOST the oldest goes."""
    require(actor, "notifications.push.subscribe", relation_to_own(actor, patient))
    if carrier_for(Channel.PUSH) is None:
        raise Conflict(_("This clinic sends no notifications. Leave this page open."), code="push.off")
    if not is_push_service(endpoint) or not are_keys(p256dh, auth):
        raise Invalid(_("This browser cannot be told. Leave this page open."), code="push.unusable")
    # Two presses at one moment are counted one after the other.
    Patient.objects.select_for_update().get(pk=patient.pk)
    PushSubscription.objects.filter(patient__merged_into=patient, endpoint=endpoint).delete()
    row, made = PushSubscription.objects.update_or_create(
        organization_id=patient.organization_id,
        patient=patient,
        endpoint=endpoint,
        defaults={"p256dh": p256dh, "auth": auth, "created_at": now()},
    )
    newest = PushSubscription.objects.filter(patient=patient).order_by("-created_at", "-pk")
    PushSubscription.objects.filter(pk__in=list(newest.values_list("pk", flat=True)[MOST:])).delete()
    if made:
        record(actor=actor, action="notifications.push.subscribe", entity=row, patient_id=patient.pk)
    return row


@transaction.atomic
def unsubscribe(*, actor: Actor, patient: Patient, endpoint: str) -> bool:
    """Tell this browser no more. False where it was not told."""
    require(actor, "notifications.push.subscribe", relation_to_own(actor, patient))
    rows = PushSubscription.objects.filter(known_as(patient), endpoint=endpoint)
    row = rows.first()
    if row is None:
        return False
    record(actor=actor, action="notifications.push.unsubscribe", entity=row, patient_id=patient.pk)
    rows.delete()
    return True
