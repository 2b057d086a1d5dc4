"""By which channel somebody is told: their order, their addresses, what they and providers said no to."""

import datetime as dt
from functools import cached_property

import phonenumbers
from django.conf import settings

from accounts.models import Patient
from core.clock import now
from notifications.channels import carrier_for
from notifications.kinds import Kind
from notifications.models import BadAddress, Channel, ChannelOrder, Message, OptOut, Stop

USUAL_ORDER = (Channel.EMAIL, Channel.SMS)
DAY = dt.timedelta(days=1)


class Reach:
    """What is known of how one person is reached, each thing asked for once, and only when it matters."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient

    def order(self, kind: Kind) -> list[str]:
        """The channels of this kind in the person's own order; a notification in an open browser before both."""
        wanted = [Channel.PUSH.value, *self._chosen, *USUAL_ORDER]
        return [str(one) for one in dict.fromkeys(wanted) if one in kind.channels]

    def obstacle(self, kind: Kind, channel: str) -> str:
        """Why this may not or cannot go to the person by this channel, as a code; empty when it can."""
        if carrier_for(channel) is None:
            return "no_carrier"
        address = address_of(self.patient, channel)
        if not address:
            return "no_address"
        if (str(kind.group), channel) in self._opted_out:
            return "opted_out"
        if channel == Channel.SMS and self._has_stopped:
            return "stopped"
        return self._bad.get((channel, address), "")

    def first(self, kind: Kind) -> str:
        """The first channel by which this may reach the person; where none does, the one whose failing is seen."""
        order = self.order(kind)
        usable = (one for one in order if self.obstacle(kind, one) == "")
        return next(usable, (order or [str(kind.channels[0])])[-1])

    def reaches(self, kind: Kind) -> bool:
        """Whether any channel of this kind may reach the person."""
        return any(self.obstacle(kind, one) == "" for one in self.order(kind))

    def next(self, kind: Kind, tried: frozenset[str]) -> str | None:
        """Where else it may reach the person; None when that is all."""
        left = (one for one in self.order(kind) if one not in tried)
        return next((one for one in left if self.obstacle(kind, one) == ""), None)

    @cached_property
    def _chosen(self) -> list[str]:
        rows = ChannelOrder.objects.filter(patient=self.patient).values_list("channels", flat=True)
        return rows.first() or list(USUAL_ORDER)

    @cached_property
    def _opted_out(self) -> set[tuple[str, str]]:
        return set(OptOut.objects.filter(patient=self.patient).values_list("group", "channel"))

    @cached_property
    def _has_stopped(self) -> bool:
        number = address_of(self.patient, Channel.SMS)
        return Stop.objects.filter(organization=self.patient.organization_id, phone=number).exists()

    @cached_property
    def _bad(self) -> dict[tuple[str, str], str]:
        addresses = [address_of(self.patient, Channel.EMAIL), address_of(self.patient, Channel.SMS)]
        known = BadAddress.objects.filter(organization=self.patient.organization_id, address__in=addresses)
        return {(channel, address): why for channel, address, why in known.values_list("channel", "address", "why")}


def first_channel(kind: Kind, patient: Patient) -> str:
    return Reach(patient).first(kind)


def next_channel(kind: Kind, patient: Patient, tried: frozenset[str]) -> str | None:
    return Reach(patient).next(kind, tried)


def obstacle(kind: Kind, patient: Patient, channel: str) -> str:
    return Reach(patient).obstacle(kind, channel)


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
