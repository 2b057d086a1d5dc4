"""Lets other patients' personal links lead into a visit, for tests that need more than two people. Holds no test.

A visit of the product has one patient until guests come to it; rooms, relay and pages take eight people all the same.
Only the house that is started with `guest_settings` does this.
"""

from typing import Any

from django.apps import AppConfig


class Guests(AppConfig):
    """Replaces one rule of the house that it runs in: whose link leads where."""

    name = "tests.browser.guests"
    label = "guests"

    def ready(self) -> None:
        from scheduling import policies

        policies._link_leads_to = _any_link_of_the_visit


def _any_link_of_the_visit(actor: Any, appointment: Any) -> bool:
    links = appointment.links.filter(pk=actor.link_id, patient_id=actor.patient_id, revoked_at=None)
    return bool(links.exists())
