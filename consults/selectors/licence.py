"""Whether who treats a patient is licensed where the patient has said to be. It warns, and stops nobody."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from accounts.licences import Held, held_against
from accounts.models import Licence, Practitioner
from accounts.regions import name_of
from consults.models import Encounter
from core.clock import today


def licence_warning(encounter: Encounter, practitioner: Practitioner | None = None) -> str:
    """One sentence for the doctor and the desk; empty where there is nothing to warn of."""
    who = practitioner or encounter.practitioner
    return licence_words(who, encounter.region, who.licences.all() if encounter.region else ())


def licence_warnings(visits: Sequence[Encounter], practitioner: Practitioner | None = None) -> dict[int, str]:
    """Of these visits, or as if `practitioner` saw them; one query, where anybody has said a place."""
    people = {one.pk: practitioner or one.practitioner for one in visits if one.region}
    licences: dict[int, list[Licence]] = {}
    if people:
        for row in Licence.objects.filter(practitioner__in=[who.pk for who in people.values()]):
            licences.setdefault(row.practitioner_id, []).append(row)
    return {
        one.pk: licence_words(people[one.pk], one.region, licences.get(people[one.pk].pk, ()))
        for one in visits
        if one.region
    }


def licence_words(practitioner: Practitioner, region: str, licences: Iterable[Licence]) -> str:
    """The licences are this practitioner's, all of them."""
    kept = list(licences)
    if not region or not kept:
        return ""
    held = held_against(kept, region, today(practitioner.organization.timezone))
    said = {"doctor": practitioner.short_name, "place": name_of(region)}
    if held is Held.NONE:
        return _("%(doctor)s has no licence for %(place)s, where the patient is now") % said
    if held is Held.ENDED:
        return _("The licence of %(doctor)s for %(place)s, where the patient is now, does not count today") % said
    return ""
