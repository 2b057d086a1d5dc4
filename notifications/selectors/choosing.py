"""By which channel somebody is told: their order, their addresses, what they and providers said no to."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import phonenumbers
from django.conf import settings
from django.db.models import Count, Q

from accounts.models import Patient
from core.clock import now
from notifications.channels import carrier_for
from notifications.kinds import Kind, all_kinds
from notifications.models import BadAddress, Channel, ChannelOrder, Message, OptOut, PushSubscription, Stop

USUAL_ORDER = (Channel.EMAIL, Channel.SMS)
DAY = dt.timedelta(days=1)


class Reach:
    """What is known of how one person is reached, each thing asked for once, and only when it matters."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.known: dict[str, Known] = {}

    def order(self, kind: Kind) -> list[str]:
        """The channels of this kind in the person's own order; a notification in an open browser before both."""
        wanted = [Channel.PUSH.value, *self._chosen, *USUAL_ORDER]
        return [str(one) for one in dict.fromkeys(wanted) if one in kind.channels]

    def obstacle(self, kind: Kind, channel: str) -> str:
        """Why this may not or cannot go to the person by this channel, as a code; empty when it can."""
        if carrier_for(channel) is None:
            return "no_carrier"
        known = self._known(channel)
        if not known.address:
            return "no_address"
        if (str(kind.group), channel) in self.opted_out:
            return "opted_out"
        return "stopped" if known.stopped else known.bad

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
    def opted_out(self) -> set[tuple[str, str]]:
        return set(OptOut.objects.filter(known_as(self.patient)).values_list("group", "channel"))

    def _known(self, channel: str) -> "Known":
        if channel not in self.known:
            address, clinic = address_of(self.patient, channel), self.patient.organization_id
            if not address:
                return self.known.setdefault(channel, Known("", "", False))
            bad = BadAddress.objects.filter(organization=clinic, channel=channel, address=address)
            stopped = channel == Channel.SMS and Stop.objects.filter(organization=clinic, phone=address).exists()
            self.known[channel] = Known(address, bad.values_list("why", flat=True).first() or "", stopped)
        return self.known[channel]


@dataclass(frozen=True)
class Known:
    """Of one channel: the person's address, why it does not work, and whether STOP came from it."""

    address: str
    bad: str
    stopped: bool


def reach_of_all(patients: Iterable[Patient], channel: str) -> dict[int, Reach]:
    """By primary key, with what is asked for a message of this channel read for all of them at once."""
    found = {patient.pk: Reach(patient) for patient in patients}
    opted: dict[int, set[tuple[str, str]]] = defaultdict(set)
    rows = OptOut.objects.filter(Q(patient__in=found) | Q(patient__merged_into__in=found))
    names = rows.values_list("patient_id", "patient__merged_into_id", "group", "channel")
    for pk, known_pk, group, name in names:
        for one in (pk, known_pk):
            if one is not None:
                opted[one].add((group, name))
    addresses = {pk: address_of(reach.patient, channel) for pk, reach in found.items()}
    clinics = {reach.patient.organization_id for reach in found.values()}
    dead = BadAddress.objects.filter(organization__in=clinics, address__in=set(addresses.values()), channel=channel)
    bad = {(clinic, address): why for clinic, address, why in dead.values_list("organization_id", "address", "why")}
    stopped: set[tuple[int, str]] = set()
    if channel == Channel.SMS:
        stops = Stop.objects.filter(organization__in=clinics, phone__in=set(addresses.values()))
        stopped = set(stops.values_list("organization_id", "phone"))
    for pk, reach in found.items():
        whose = reach.patient.organization_id, addresses[pk]
        reach.opted_out = opted[pk]
        reach.known = {channel: Known(addresses[pk], bad.get(whose, ""), whose in stopped)}
    return found


def known_as(patient: Patient) -> Q:
    """Rows of this person, also those that were written when the desk knew them by another record."""
    return Q(patient=patient) | Q(patient__merged_into=patient)


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
    return str(patient.pk) if PushSubscription.objects.filter(known_as(patient)).exists() else ""


def e164(number: str) -> str:
    """The number as E.164 writes it, or nothing when it cannot be one."""
    try:
        read = phonenumbers.parse(number, settings.PHONE_REGION)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(read):
        return ""
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def sent_within_a_day(patients: Iterable[Patient], channel: str) -> dict[int, int]:
    """By primary key, how many messages each was sent by this channel in the last 24 hours; none is left out."""
    rows = Message.objects.filter(patient__in=list(patients), channel=channel, sent_at__gt=now() - DAY)
    rows = rows.exclude(kind__in=[kind.name for kind in all_kinds() if kind.to_desk])
    return dict(rows.order_by().values_list("patient_id").annotate(Count("pk")))
