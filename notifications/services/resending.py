"""What staff do about a message that did not reach anybody: send it again, or put the address right first."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from accounts.services import correct_contact
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid
from notifications import hints
from notifications.kinds import kind_of
from notifications.lifecycle import OPEN, MessageStatus
from notifications.models import BadAddress, Channel, Message, MessageEvent
from notifications.policies import relation_to
from notifications.selectors.choosing import address_of, e164, first_channel, obstacle
from notifications.selectors.messages import is_superseded
from notifications.services.fallback import go_by

# What may be tried once more by another address: failed, or not sent for want of one.
_ENDED = (MessageStatus.FAILED, MessageStatus.SKIPPED)
TOO_LATE = gettext_noop("It is too late for this message. Call the patient instead.")


@transaction.atomic
def send_again(*, actor: Actor, message: Message) -> bool:
    """A failed message waits again, due now. False when it does already: a button that is pressed twice sends once."""
    require(actor, "notifications.message.resend", relation_to(actor, message.patient))
    row = Message.objects.select_for_update().get(pk=message.pk)
    if row.status in OPEN:
        return False
    if row.status != MessageStatus.FAILED:
        raise Conflict(
            _("This message has not failed. Reload the page to see where it stands."), code="message.not_failed"
        )
    if is_superseded(row):
        raise Conflict(_("It went another way, or a newer message has taken its place."), code="message.superseded")
    _require_in_time(row)
    return _reopen(actor, row)


@transaction.atomic
def correct_and_send(*, actor: Actor, message: Message, email: str, phone: str) -> str:
    """Put the person's addresses right, forget that the old ones did not work, and send it again by the first way.

    Returns "" when it is on its way, else why it is not, as a code; the addresses are put right all the same.
    """
    require(actor, "notifications.address.correct", relation_to(actor, message.patient))
    patient = Patient.objects.select_related("organization").select_for_update(of=("self",)).get(pk=message.patient_id)
    email, phone = email.strip(), phone.strip()
    _check(email, phone)
    former = {channel: address_of(patient, channel) for channel in (Channel.EMAIL, Channel.SMS)}
    correct_contact(actor=actor, patient=patient, email=email, phone=phone)
    for channel, old in former.items():
        _forget(patient, channel, old)
    # As it stands now: another of the desk may have been faster.
    message = Message.objects.select_for_update(of=("self",)).select_related("patient").get(pk=message.pk)
    if message.status in OPEN:
        # It goes out by itself, and looks for the address then.
        return ""
    if message.status not in _ENDED or is_superseded(message):
        return "another_way"
    if now() >= message.too_late_at:
        return "too_late"
    channel_now = first_channel(kind_of(message.kind), patient)
    hindered = obstacle(kind_of(message.kind), patient, channel_now)
    if not hindered:
        _send_by(actor, message, channel_now)
    return hindered


def _check(email: str, phone: str) -> None:
    if not email and not phone:
        raise Invalid(_("Enter an email address or a phone number."), code="contact.none", field="email")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Invalid(
                _("Enter a whole email address, like name@example.org."), code="contact.email", field="email"
            ) from None
    if phone and not e164(phone):
        raise Invalid(_("Enter a whole phone number, like 312 555 0171."), code="contact.phone", field="phone")


def _forget(patient: Patient, channel: str, old: str) -> None:
    """The desk has asked: what providers said of the old address, and once of the new one, counts no more.

    Whoever complained is asked nothing more at that very address.
    """
    new = address_of(patient, channel)
    known = BadAddress.objects.filter(organization=patient.organization_id, channel=channel)
    known.filter(address__in={old, new}, why="bounced").delete()
    if old != new:
        known.filter(address=old).delete()


def _send_by(actor: Actor, message: Message, channel: str) -> None:
    """By that channel: the row that stands for it if there is one, else a new one."""
    standing = (
        Message.objects.select_for_update()
        .filter(
            patient=message.patient_id,
            kind=message.kind,
            about=message.about,
            version=message.version,
            channel=channel,
        )
        .first()
    )
    if standing is None:
        go_by(message, channel)
        _record(actor, message)
    elif standing.status in _ENDED:
        _reopen(actor, standing)


def _reopen(actor: Actor, row: Message) -> bool:
    """To providers it is another message: `round` is part of its key. Their notices of the former one find nothing."""
    instant = now()
    ended = Message.objects.filter(pk=row.pk, status=row.status)
    done = ended.update(
        status=MessageStatus.WAITING,
        reason="",
        claim="",
        attempts=0,
        round=F("round") + 1,
        next_at=instant,
        provider_id="",
        sent_at=None,
        delivered_at=None,
    )
    if not done:
        return False
    MessageEvent.objects.create(message=row, what="again")
    _record(actor, row)
    channel = row.channel
    transaction.on_commit(lambda: hints.message_waits(channel), robust=True)
    return True


def _require_in_time(row: Message) -> None:
    if now() >= row.too_late_at:
        raise Conflict(_(TOO_LATE), code="message.too_late")


def _record(actor: Actor, row: Message) -> None:
    record(
        actor=actor,
        action="notifications.message.resend",
        entity=row,
        patient_id=row.patient_id,
        detail={"kind": row.kind, "channel": row.channel},
    )
