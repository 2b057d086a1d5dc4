"""Guests: whoever comes along to somebody's visit, with a link of their own. Rules live in services."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import RelatedPerson
from core.clock import now
from core.ids import new_uuid
from scheduling.models.appointments import Appointment

# Patients, practitioner and guests together: a room has so many seats.
MOST_PEOPLE = 8


class Guest(models.Model):
    """Somebody invited to one visit. Who was removed stays on record: seats, answers and chat name them."""

    class Role(models.TextChoices):
        """FHIR's words where it has one: `translator` is a participant type, `caregiver` a role class."""

        GUARDIAN = "guardian", _("Guardian")
        FAMILY = "family", _("Family")
        CAREGIVER = "caregiver", _("Carer")
        TRANSLATOR = "translator", _("Interpreter")
        COLLEAGUE = "colleague", _("Colleague")
        OTHER = "other", _("Somebody else")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="guests")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=16, choices=Role, default=Role.OTHER)
    # Somebody whom the clinic knows as the patient's mother, carer ...; with the right to, they agree for the patient.
    related = models.ForeignKey(
        RelatedPerson, on_delete=models.PROTECT, null=True, blank=True, related_name="guest_visits"
    )
    # Their link ends at this instant, before the visit's own end; None: with the visit.
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "name", "role"],
                condition=models.Q(removed_at__isnull=True),
                name="guest_comes_once",
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"guest {self.uuid}"

    @property
    def label(self) -> str:
        """What stands under their picture: "Ana Lopez, interpreter"."""
        if self.related is not None:
            return self.related.label
        return self.name if self.role == self.Role.OTHER else f"{self.name}, {self.get_role_display().lower()}"

    @property
    def who(self) -> str:
        """What they are, as a list of guests says it: "Mother", "Interpreter"."""
        return str(self.related.get_relationship_display() if self.related is not None else self.get_role_display())

    def is_over(self, instant: dt.datetime, day: dt.date) -> bool:
        """Whether their time is over, or they are nobody of this patient any more; `day` is the clinic's."""
        if self.ends_at is not None and self.ends_at <= instant:
            return True
        return self.related is not None and not self.related.is_one_on(day)


_Relationship = RelatedPerson.Relationship
_ROLES = {
    _Relationship.MOTHER: Guest.Role.GUARDIAN,
    _Relationship.FATHER: Guest.Role.GUARDIAN,
    _Relationship.PARENT: Guest.Role.GUARDIAN,
    _Relationship.GUARDIAN: Guest.Role.GUARDIAN,
    _Relationship.PARTNER: Guest.Role.FAMILY,
    _Relationship.CHILD: Guest.Role.FAMILY,
    _Relationship.FAMILY: Guest.Role.FAMILY,
    _Relationship.CARER: Guest.Role.CAREGIVER,
    _Relationship.INTERPRETER: Guest.Role.TRANSLATOR,
}


def role_of(related: RelatedPerson) -> str:
    """As what a related person comes along."""
    return _ROLES.get(_Relationship(related.relationship), Guest.Role.OTHER)
