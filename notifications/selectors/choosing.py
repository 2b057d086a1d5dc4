"""By which channel somebody is told: their order, their addresses, what they and providers said no to."""

import datetime as dt

import phonenumbers
from django.conf import settings

from accounts.models import Patient
from core.clock import now
from notifications.channels import carrier_for
from notifications.kinds import Kind
from notifications.models import BadAddress, Channel, ChannelOrder, Message, OptOut, Stop

USUAL_ORDER = (Channel.EMAIL, Channel.SMS)
DAY = dt.timedelta(days=1)


def order_for(kind: Kind, patient: Patient) -> list[str]:
    """The channels of this kind in the person's own order; a notification in an open browser comes before both."""
    rows = ChannelOrder.objects.filter(patient=patient).values_list("channels", flat=True)
    chosen = rows.first() or list(USUAL_ORDER)
    wanted = [Channel.PUSH.value, *chosen, *USUAL_ORDER]
    return [str(one) for one in dict.fromkeys(wanted) if one in kind.channels]


def first_channel(kind: Kind, patient: Patient, *, tried: frozenset[str] = frozenset()) -> str:
    """The first channel by which this may reach the person; where none does, the one whose failing is to be seen."""
    left = [one for one in order_for(kind, patient) if one not in tried]
    usable = [one for one in left if obstacle(kind, patient, one) == ""]
    return usable[0] if usable else (left or [str(kind.channels[0])])[-1]


def next_channel(kind: Kind, patient: Patient, tried: frozenset[str]) -> str | None:
    """Where else it may reach the person; None when that is all."""
    left = [one for one in order_for(kind, patient) if one not in tried]
    return next((one for one in left if obstacle(kind, patient, one) == ""), None)


def obstacle(kind: Kind, patient: Patient, channel: str) -> str:
    """Why this may not or cannot go to the person by this channel, as a code; empty when it can."""
    if carrier_for(channel) is None:
        return "no_carrier"
    address = address_of(patient, channel)
    if not address:
        return "no_address"
    if OptOut.objects.filter(patient=patient, group=kind.group, channel=channel).exists():
        return "opted_out"
    if channel == Channel.SMS and Stop.objects.filter(organization=patient.organization_id, phone=address).exists():
        return "stopped"
    known = BadAddress.objects.filter(organization=patient.organization_id, channel=channel, address=address)
    return known.values_list("why", flat=True).first() or ""


def address_of(patient: Patient, channel: str) -> str:
    """Where this channel reaches the person; empty when it does not."""
    if channel == Channel.EMAIL:
        return patient.email.strip()
    if channel == Channel.SMS:
        return e164(patient.phone)
    return str(patient.pk) if patient.push_subscriptions.exists() else ""


def e164(number: str) -> str:
    """The number as E.164 writes it, or nothing when it cannot be one."""
    try:
        read = phonenumbers.parse(number, settings.PHONE_REGION)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(read):
        return ""
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def sent_within_a_day(patient: Patient, channel: str) -> int:
    """How many messages this person was sent by this channel in the last 24 hours."""
    return Message.objects.filter(patient=patient, channel=channel, sent_at__gt=now() - DAY).count()
