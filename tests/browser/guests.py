"""Lets other patients' personal links lead into a visit, for tests that need more than two people. Holds no test.

A visit of the product has one patient until guests come to it; rooms, relay and pages take eight people all the same.
Only the house that is started with `guest_settings` does this.
"""

from typing import Any

from django.apps import AppConfig


class Guests(AppConfig):
    """Replaces two rules of the house that it runs in: whose link leads where, and that only the patient answers."""

    name = "tests.browser.guests"
    label = "guests"

    def ready(self) -> None:
        from consent import services
        from scheduling import policies

        policies._link_leads_to = any_link_of_the_visit
        services.relation_to = in_the_visit_for_oneself


def any_link_of_the_visit(actor: Any, appointment: Any) -> bool:
    links = appointment.links.filter(pk=actor.link_id, patient_id=actor.patient_id, revoked_at=None)
    return bool(links.exists())


def in_the_visit_for_oneself(actor: Any, patient: Any) -> Any:
    """A guest answers for themself, as the patient does."""
    from accounts.policy import Relation
    from consent.policies import relation_to

    is_guest = actor.type == "patient" and actor.organization_id == patient.organization_id
    return Relation.OWN if is_guest else relation_to(actor, patient)
