"""What providers tell afterwards: each notice counts once, and what came back goes by the next channel.

A notice may be faster than we are: it then finds no id of the provider's, only our key. And where a worker died
between the provider's yes and its own note of it, the notice is how we learn of the yes, before anybody tries again.
"""

import hashlib
import re
import uuid as uuids

import structlog
from django.core.cache import cache
from django.db import IntegrityError, transaction

from accounts.actors import ANONYMOUS, system_actor
from audit.services import record
from core.clock import now
from notifications.hooks import Notice, What
from notifications.kinds import kind_of
from notifications.lifecycle import OPEN, MessageStatus, moved
from notifications.models import BadAddress, Message, MessageEvent, OptOut
from notifications.selectors.choosing import address_of
from notifications.services.fallback import fall_back

log = structlog.get_logger(__name__)

_KEY = re.compile(r"([0-9a-f]{32})-([0-9]{1,5})")
_ARRIVED = frozenset({MessageStatus.SENT.value, MessageStatus.DELIVERED.value})
# One of them in so many seconds is written down for each network: whoever forges without end fills no table.
FORGED_EVERY = 60


@transaction.atomic
def take_notice(*, notice: Notice) -> bool:
    """True when it was news about a message of ours."""
    message = _message(notice)
    if message is None or not _is_news(message, notice):
        return False
    if message.status in OPEN:
        _know_sent(message, notice)
    if notice.what is What.DELIVERED:
        _deliver(message)
    elif notice.what in (What.BOUNCED, What.UNDELIVERED):
        _come_back(message, notice)
    elif notice.what is What.COMPLAINED:
        _know_bad(message, "complained")
    elif notice.what is What.UNSUBSCRIBED:
        _opt_out(message)
    if notice.what not in (What.ACCEPTED, What.DELIVERED):
        record(
            actor=system_actor("notices", message.organization_id),
            action="notifications.notice.take",
            entity=message,
            patient_id=message.patient_id,
            detail={"what": notice.what.value, "provider": notice.provider},
        )
    return True


def refuse_notice(*, hook: str, network: str) -> None:
    """Somebody posted what no provider signed: written down, and nothing else."""
    log.warning("notice_forged", hook=hook)
    if cache.add(f"notice-forged:{hook}:{network}", 1, FORGED_EVERY):
        record(actor=ANONYMOUS, action="notifications.notice.take", outcome="refused", detail={"hook": hook})


def _message(notice: Notice) -> Message | None:
    rows = Message.objects.select_for_update(of=("self",))
    if notice.provider_id:
        known = rows.filter(provider_id=notice.provider_id, provider=notice.provider).first()
        if known is not None:
            return known
    found = _KEY.fullmatch(notice.key)
    if found is None:
        return None
    return rows.filter(uuid=uuids.UUID(found[1]), round=int(found[2]), provider__in=("", notice.provider)).first()


def _is_news(message: Message, notice: Notice) -> bool:
    told = f"{notice.provider}:{notice.event_id or f'{notice.provider_id}:{notice.key}:{notice.what}'}"
    if len(told) > 200:
        told = hashlib.sha256(told.encode()).hexdigest()
    try:
        with transaction.atomic():
            MessageEvent.objects.create(
                message=message, what=notice.what.value, detail=notice.detail, provider_event=told
            )
    except IntegrityError:
        return False
    return True


def _know_sent(message: Message, notice: Notice) -> None:
    """The provider has it, though we have not written that down: whoever holds the claim finds it gone."""
    message.status = moved(message.status, MessageStatus.SENT)
    message.claim, message.reason, message.sent_at = "", "", now()
    message.provider, message.provider_id = notice.provider, notice.provider_id
    message.address = message.address or address_of(message.patient, message.channel)
    message.save(update_fields=["status", "claim", "reason", "sent_at", "provider", "provider_id", "address"])


def _deliver(message: Message) -> None:
    if message.status != MessageStatus.SENT:
        # Told twice in other words, or after it came back: what is known stays.
        return
    message.status, message.delivered_at = moved(message.status, MessageStatus.DELIVERED), now()
    message.save(update_fields=["status", "delivered_at"])


def _come_back(message: Message, notice: Notice) -> None:
    if notice.what is What.BOUNCED:
        _know_bad(message, "bounced")
    if message.status not in _ARRIVED:
        return
    message.status, message.reason = moved(message.status, MessageStatus.FAILED), notice.what.value
    message.save(update_fields=["status", "reason"])
    fall_back(message)


def _know_bad(message: Message, why: str) -> None:
    if message.address:
        BadAddress.objects.update_or_create(
            organization_id=message.organization_id,
            channel=message.channel,
            address=message.address,
            defaults={"why": why, "since": now()},
        )


def _opt_out(message: Message) -> None:
    """By the provider's own link: everything of that group by that channel, as our own page would."""
    try:
        group = kind_of(message.kind).group
    except KeyError:
        log.warning("kind_unknown", kind=message.kind)
        return
    OptOut.objects.get_or_create(patient_id=message.patient_id, group=group.value, channel=message.channel)
