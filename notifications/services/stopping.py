"""STOP and START from a number: what somebody answered to a text holds for all texts to it, until they say otherwise.

The provider answers STOP by itself and keeps texts back; we keep them back too, so that the next channel is tried at
once and staff see why.
"""

from django.core.cache import cache
from django.db import transaction

from accounts.actors import system_actor
from accounts.models import Organization
from audit.services import record
from notifications.hooks.twilio import Reply
from notifications.models import Stop
from notifications.selectors.choosing import e164

# A provider repeats what it is not sure to have told. For so long the same answer counts once, so that an old STOP
# does not undo a later START.
REMEMBERED = 24 * 60 * 60


def take_reply(*, reply: Reply) -> bool:
    """True when something changed. All clinics of this house write from one number, so it holds for all of them."""
    phone = e164(reply.number) if reply.number.startswith("+") else ""
    seen = f"reply:{reply.sid}"
    if not reply.wish or not phone or cache.get(seen):
        return False
    changed = _stop(phone) if reply.wish == "stop" else _start(phone)
    # Not before: what fails on the way is told again, and has to count then.
    cache.set(seen, 1, REMEMBERED)
    return changed


@transaction.atomic
def _stop(phone: str) -> bool:
    changed = False
    for clinic in Organization.objects.order_by("pk"):
        row, made = Stop.objects.get_or_create(organization=clinic, phone=phone)
        if made:
            record(actor=system_actor("replies", clinic.pk), action="notifications.texts.stop", entity=row)
            changed = True
    return changed


@transaction.atomic
def _start(phone: str) -> bool:
    rows = list(Stop.objects.select_for_update().filter(phone=phone).order_by("pk"))
    for row in rows:
        record(actor=system_actor("replies", row.organization_id), action="notifications.texts.start", entity=row)
        row.delete()
    return bool(rows)
