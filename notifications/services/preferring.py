"""What people choose for themselves: which messages, by which way, in which language. Each choice can be undone."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from audit.services import record
from core.errors import Invalid
from notifications.kinds import Group
from notifications.languages import LANGUAGES, language_for
from notifications.models import Channel, ChannelOrder, OptOut
from notifications.policies import relation_to_own
from notifications.selectors.choosing import USUAL_ORDER, known_as

# What somebody does not want: a group of kinds, by a channel.
Refused = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Preferences:
    """What somebody does not want, by which way they are told first, and in which language; empty: as it was."""

    refused: Refused
    first: str
    language: str = ""


@transaction.atomic
def set_preferences(*, actor: Actor, patient: Patient, asked: Collection[tuple[str, str]], chosen: Preferences) -> None:
    """Of what was `asked` (group and channel) just the chosen ones are refused; what was not asked stays as it is."""
    require(actor, "notifications.preference.change", relation_to_own(actor, patient))
    if chosen.first not in {one.value for one in USUAL_ORDER}:
        raise Invalid(_("Choose one of the two."), code="preferences.first", field="first")
    if chosen.language and chosen.language not in LANGUAGES:
        raise Invalid(_("Choose a language from the list."), code="preferences.language", field="language")
    _lock(patient)
    former = Refused(OptOut.objects.filter(known_as(patient)).values_list("group", "channel"))
    more = (chosen.refused & frozenset(asked)) - former
    less = (former & frozenset(asked)) - chosen.refused
    OptOut.objects.bulk_create([OptOut(patient=patient, group=group, channel=way) for group, way in sorted(more)])
    for group, way in less:
        OptOut.objects.filter(known_as(patient), group=group, channel=way).delete()
    order = [chosen.first, *(one.value for one in USUAL_ORDER if one.value != chosen.first)]
    ChannelOrder.objects.update_or_create(patient=patient, defaults={"channels": order})
    detail = {"stopped": _named(more), "allowed": _named(less), "first": chosen.first}
    if _speak(patient, chosen.language):
        detail["language"] = chosen.language
    record(actor=actor, action="notifications.preference.change", entity=patient, patient_id=patient.pk, detail=detail)


@transaction.atomic
def opt_out(*, actor: Actor, patient: Patient, group: Group, channel: str) -> bool:
    """Nothing of this group goes to the person by this channel any more. False when that was so already."""
    require(actor, "notifications.preference.change", relation_to_own(actor, patient))
    _lock(patient)
    _, is_new = OptOut.objects.get_or_create(patient=patient, group=group.value, channel=Channel(channel).value)
    if is_new:
        detail = {"stopped": _named({(group.value, channel)}), "one_click": True}
        record(
            actor=actor, action="notifications.preference.change", entity=patient, patient_id=patient.pk, detail=detail
        )
    return is_new


def _speak(patient: Patient, language: str) -> bool:
    """Whether that is new. Who is written to in Spanish already stays with the Spanish of their country."""
    if not language or language == language_for(patient, patient.organization):
        return False
    patient.language = language
    patient.save(update_fields=["language"])
    return True


def _lock(patient: Patient) -> None:
    """Two forms of one person, one after the other."""
    Patient.objects.select_for_update().get(pk=patient.pk)


def _named(pairs: Collection[tuple[str, str]]) -> list[str]:
    return sorted(f"{group} by {way}" for group, way in pairs)
