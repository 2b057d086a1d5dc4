"""Appointments, the spans of time they occupy, and the personal links to them. Rules live in services and lifecycle."""

from django.db import models
from django.db.models import F, Q

from core.ids import new_uuid
from scheduling.lifecycle import AppointmentStatus


class Appointment(models.Model):
    """A meeting of a patient and a practitioner (FHIR Appointment). Instants, and the zone they were meant in."""

    class Status(models.TextChoices):
        BOOKED = AppointmentStatus.BOOKED.value, "Booked"
        ARRIVED = AppointmentStatus.ARRIVED.value, "Arrived"
        FULFILLED = AppointmentStatus.FULFILLED.value, "Fulfilled"
        CANCELLED = AppointmentStatus.CANCELLED.value, "Cancelled"
        NOSHOW = AppointmentStatus.NOSHOW.value, "Did not come"

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey("accounts.Location", on_delete=models.PROTECT, related_name="appointments")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="appointments")
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    timezone = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.BOOKED)
    reason = models.CharField(max_length=200, blank=True)
    cancellation_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="appointment_starts_before_it_ends"),
        ]
        indexes = [
            models.Index(fields=["organization", "starts_at"], name="appointment_by_clinic_and_time"),
        ]

    def __str__(self) -> str:
        return f"appointment {self.uuid}"


class BookableActor(models.Model):
    """Whoever or whatever has a time that can be taken: a person or a room, each once."""

    class Kind(models.TextChoices):
        PRACTITIONER = "practitioner", "Practitioner"
        PATIENT = "patient", "Patient"
        LOCATION = "location", "Location"

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    practitioner = models.OneToOneField(
        "accounts.Practitioner", on_delete=models.PROTECT, null=True, related_name="bookable"
    )
    patient = models.OneToOneField("accounts.Patient", on_delete=models.PROTECT, null=True, related_name="bookable")
    location = models.OneToOneField("accounts.Location", on_delete=models.PROTECT, null=True, related_name="bookable")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind="practitioner", practitioner__isnull=False, patient__isnull=True, location__isnull=True)
                    | Q(kind="patient", practitioner__isnull=True, patient__isnull=False, location__isnull=True)
                    | Q(kind="location", practitioner__isnull=True, patient__isnull=True, location__isnull=False)
                ),
                name="bookable_actor_is_exactly_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class OccupiedSpan(models.Model):
    """A stretch of somebody's time that is taken. Two spans of one actor never overlap: guards.py."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(BookableActor, on_delete=models.PROTECT, related_name="spans")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="spans")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="span_starts_before_it_ends"),
            models.UniqueConstraint(fields=["actor", "appointment"], name="span_once_per_actor_and_appointment"),
        ]
        indexes = [models.Index(fields=["actor", "starts_at"], name="span_by_actor_and_time")]

    def __str__(self) -> str:
        return f"span {self.pk}"


class PersonalLink(models.Model):
    """One person's way into one visit. Its secret is computed (links.py) and stands nowhere."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="links")
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="links")
    generation = models.PositiveIntegerField(default=1)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment", "patient"], name="link_once_per_person_and_visit"),
        ]

    def __str__(self) -> str:
        return f"link {self.uuid}"
