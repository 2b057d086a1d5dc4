"""Reading what somebody has chosen, for their own page of preferences."""

from dataclasses import dataclass

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from core.errors import NotFound
from notifications.channels import carrier_for
from notifications.kinds import Group, all_kinds
from notifications.languages import language_for
from notifications.models import Channel, ChannelOrder, OptOut, Stop
from notifications.policies import relation_to_own
from notifications.selectors.choosing import USUAL_ORDER, address_of, known_as


@dataclass(frozen=True)
class Chosen:
    """What somebody refuses (group and channel), which way is first, their language, and whether they said STOP."""

    refused: frozenset[tuple[str, str]]
    first: str
    language: str
    has_stopped: bool
    # Whether the clinic has an address of theirs for it.
    has_email: bool
    has_phone: bool


def own_patient(actor: Actor) -> Patient:
    """The person of a preferences address, or NotFound."""
    found = Patient.objects.select_related("organization").filter(pk=actor.patient_id or 0).first()
    if found is None:
        raise NotFound
    require(actor, "notifications.preference.view", relation_to_own(actor, found))
    return found


def offered() -> list[tuple[Group, list[Channel]]]:
    """The groups of which there are kinds, each with the ways by which they go in this clinic."""
    ways: dict[Group, set[str]] = {}
    for kind in all_kinds():
        if kind.to_desk:
            continue
        ways.setdefault(kind.group, set()).update(kind.channels)
    return [
        (group, [one for one in Channel if one in ways[group] and carrier_for(one) is not None])
        for group in Group
        if group in ways
    ]


def chosen_by(patient: Patient) -> Chosen:
    order = ChannelOrder.objects.filter(patient=patient).values_list("channels", flat=True).first()
    first = next((one for one in order or () if one in list(USUAL_ORDER)), USUAL_ORDER[0].value)
    phone = address_of(patient, Channel.SMS)
    return Chosen(
        refused=frozenset(OptOut.objects.filter(known_as(patient)).values_list("group", "channel")),
        first=first,
        language=language_for(patient, patient.organization),
        has_stopped=bool(phone) and Stop.objects.filter(organization=patient.organization_id, phone=phone).exists(),
        has_email=bool(address_of(patient, Channel.EMAIL)),
        has_phone=bool(phone),
    )
