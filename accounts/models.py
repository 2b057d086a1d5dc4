"""Organization, Location, User, RoleAssignment, Patient, RelatedPerson, Practitioner, Licence. No rules here."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.clock import now
from core.ids import new_uuid


class Organization(models.Model):
    """The clinic. Every row that belongs to a clinic points here."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    timezone = models.CharField(max_length=64, default="UTC")
    phone = models.CharField(max_length=32, blank=True)
    desk_hours = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=10, default="en")
    is_demo = models.BooleanField(default=False)
    # From this birthday on people agree for themselves; whoever agreed for the child does so no longer.
    age_of_majority = models.PositiveSmallIntegerField(default=18)

    def __str__(self) -> str:
        return self.name


class Location(models.Model):
    """A place of the clinic; exactly one is the default."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="locations")
    name = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)
    # A room whose time can be taken for a visit.
    is_room = models.BooleanField(default=False)
    # A room that is no longer given to new visits; those that have it keep it.
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="location_name_once"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(is_default=True), name="location_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Users by email, compared without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in. What they may do comes from their role assignments, not from Django's permissions."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        # Unique without regard to case, because there is only one case.
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="role_assignments")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in Role])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization", "role"], name="role_assigned_once")]

    def __str__(self) -> str:
        return self.role


class Patient(models.Model):
    """FHIR Patient. An account (`user`) is optional: a personal link is enough for a visit."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="patients")
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    birth_date = models.DateField()
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=10, default="en")
    face = models.CharField(max_length=40, blank=True)
    # Where they usually are, as ISO 3166 writes it ("US-IL", "ES"); empty while nobody has said.
    region = models.CharField(max_length=6, blank=True)
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="patient")
    # Typed by themselves when they booked; the desk has not yet said who of the known patients this is.
    self_registered = models.BooleanField(default=False)
    # The same person under which the desk keeps them.
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["organization", "family_name", "given_name"], name="patient_by_name")]

    def __str__(self) -> str:
        # Shown in logs and shells, so it names nobody.
        return f"Patient {self.uuid}"

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class RelatedPerson(models.Model):
    """FHIR RelatedPerson: somebody of one patient. Whether they may agree for the patient, the consents' room says."""

    class Relationship(models.TextChoices):
        """FHIR's PersonalRelationshipRoleType in words: MTH, FTH, PRN, GUARD, SPS, CHILD, FAMMEMB, FRND, NBOR."""

        MOTHER = "mother", _("Mother")
        FATHER = "father", _("Father")
        PARENT = "parent", _("Parent")
        GUARDIAN = "guardian", _("Guardian")
        PARTNER = "partner", _("Husband, wife or partner")
        CHILD = "child", _("Son or daughter")
        FAMILY = "family", _("Family")
        CARER = "carer", _("Carer")
        FRIEND = "friend", _("Friend")
        NEIGHBOUR = "neighbour", _("Neighbour")
        INTERPRETER = "interpreter", _("Interpreter")
        OTHER = "other", _("Somebody else")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="related_people")
    relationship = models.CharField(max_length=16, choices=Relationship)
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=32, blank=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10, blank=True)
    is_emergency_contact = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    # The days from which and until which they are this to the patient; the last one counts.
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        # Shown in logs and shells, so it names nobody.
        return f"related person {self.uuid}"

    @property
    def label(self) -> str:
        """What stands under their picture: "Ana Lopez, mother"."""
        if self.relationship == self.Relationship.OTHER:
            return self.name
        return f"{self.name}, {str(self.get_relationship_display()).lower()}"

    def is_one_on(self, day: dt.date) -> bool:
        """Whether they are still, and already, somebody of this patient on that day."""
        return self.is_active and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class Practitioner(models.Model):
    """FHIR Practitioner: a doctor or nurse who sees patients."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="practitioners")
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="practitioner")
    prefix = models.CharField(max_length=20, blank=True)
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    specialty = models.CharField(max_length=100, blank=True)
    # BCP 47 tags.
    languages = models.JSONField(default=list, blank=True)
    face = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "family_name"], name="practitioner_by_name")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return " ".join(part for part in (self.prefix, self.given_name, self.family_name) if part)

    @property
    def short_name(self) -> str:
        return f"{self.prefix} {self.family_name}" if self.prefix else f"{self.given_name} {self.family_name}"


class Licence(models.Model):
    """FHIR Practitioner.qualification: where somebody may practise, and from when until when."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="licences")
    # A country, or a part of one, as ISO 3166 writes it: "ES", "US-IL".
    region = models.CharField(max_length=6)
    # None: since ever, for ever. The last day counts.
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["region", "pk"]

    def __str__(self) -> str:
        return f"licence {self.region}"

    def is_valid_on(self, day: dt.date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)
