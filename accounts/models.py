"""Organization, Location, User, RoleAssignment, Patient, Practitioner. Rules about them live in services."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

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


class Practitioner(models.Model):
    """FHIR Practitioner: a doctor or nurse who sees patients."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="practitioners")
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="practitioner")
    prefix = models.CharField(max_length=20, blank=True)
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    specialty = models.CharField(max_length=100, blank=True)
    # BCP 47 tags; and where they may practise, as ISO 3166 codes of countries or their parts ("US-IL").
    languages = models.JSONField(default=list, blank=True)
    licence_regions = models.JSONField(default=list, blank=True)
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
