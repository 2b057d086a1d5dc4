"""Appointments, their series, the spans of time they occupy, and the personal links to them. No rules here."""

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.ids import new_uuid
from scheduling import languages
from scheduling.lifecycle import AppointmentStatus
from scheduling.models.availability import VIDEO, Modality, VisitType

# What a time is called for which nobody is booked yet.
HELD_HEADING = gettext_noop("A new booking")


def group_heading(visit_type: str | None) -> str:
    """A group visit is named by its type, never by who comes."""
    return gettext("Group visit") if visit_type is None else gettext("Group: %(type)s") % {"type": visit_type}


class Series(models.Model):
    """Appointments that repeat by an RFC 5545 RRULE over local time; each of them stands and changes alone."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    rrule = models.CharField(max_length=200)
    # The first local start as it was meant, 9:00 staying 9:00 when the clocks change.
    starts_local = models.CharField(max_length=16)
    timezone = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"series {self.uuid}"


class Interpreter(models.Model):
    """Somebody who interprets in visits, whose time can be taken once."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="interpreters")
    name = models.CharField(max_length=200)
    # BCP 47 tags.
    languages = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name

    @property
    def spoken(self) -> str:
        """ "Spanish, Portuguese"."""
        return languages.said(self.languages)


class Appointment(models.Model):
    """A meeting of a patient and a practitioner (FHIR Appointment). Instants, and the zone they were meant in."""

    class Status(models.TextChoices):
        PROPOSED = AppointmentStatus.PROPOSED.value, _("Held for booking")
        PENDING = AppointmentStatus.PENDING.value, _("To be confirmed")
        BOOKED = AppointmentStatus.BOOKED.value, _("Booked")
        ARRIVED = AppointmentStatus.ARRIVED.value, _("Arrived")
        FULFILLED = AppointmentStatus.FULFILLED.value, _("Fulfilled")
        CANCELLED = AppointmentStatus.CANCELLED.value, _("Cancelled")
        NOSHOW = AppointmentStatus.NOSHOW.value, _("Did not come")

    class Type(models.TextChoices):
        """FHIR's appointmentType (HL7 v2 table 0276)."""

        ROUTINE = "ROUTINE", _("Booked")
        WALK_IN = "WALKIN", _("Walk-in")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey("accounts.Location", on_delete=models.PROTECT, related_name="appointments")
    # Nobody yet while a time is only held: who it is for is being typed.
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, null=True, related_name="appointments")
    practitioner = models.ForeignKey("accounts.Practitioner", on_delete=models.PROTECT, related_name="appointments")
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT, null=True, related_name="appointments")
    modality = models.CharField(max_length=16, choices=Modality, default=Modality.VIDEO_HOME)
    # Where used: the clinic's room and the interpreter, whose time is taken like everybody's.
    room = models.ForeignKey("accounts.Location", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    interpreter = models.ForeignKey(
        "scheduling.Interpreter", on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    series = models.ForeignKey(
        "scheduling.Series", on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    # The visit that this one was agreed in.
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    timezone = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.BOOKED)
    # A walk-in begins when they came to the door, lasts by plan, and takes nobody's time: it has no spans.
    appointment_type = models.CharField(max_length=16, choices=Type.choices, default=Type.ROUTINE)
    reason = models.CharField(max_length=200, blank=True)
    cancellation_reason = models.CharField(max_length=200, blank=True)
    # How many patients it takes, as its type said when it was made; more than one is a group visit (groups.py).
    # `patient` is one of those then.
    capacity = models.PositiveSmallIntegerField(default=1)
    # The practitioner's time before and after that is taken too, as it was when the appointment was made.
    buffer_before = models.PositiveSmallIntegerField(default=0)
    buffer_after = models.PositiveSmallIntegerField(default=0)
    # A held time is given back at this instant; only for proposed ones.
    held_until = models.DateTimeField(null=True, blank=True)
    # So many minutes later than booked it will probably begin, as the clinic has told.
    late_minutes = models.PositiveSmallIntegerField(default=0)
    # The digest of the session that holds or booked it by itself: it tells two browsers apart and opens nothing.
    held_by = models.CharField(max_length=64, blank=True)
    # When it was to begin before it was moved last, so that its page can say both times.
    moved_from = models.DateTimeField(null=True, blank=True)
    # When the patient said that they come, to the time that it has; of a group each place says it (groups.py).
    coming_at = models.DateTimeField(null=True, blank=True)
    # Rises with every change that a calendar shows (RFC 5545 SEQUENCE); a page that saw an older one is refused.
    sequence = models.PositiveIntegerField(default=0)
    # The sequence that brought its present beginning and practitioner: a message of an older one tells of another time.
    time_sequence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(patient__isnull=False) | Q(status__in=["proposed", "cancelled"]),
                name="appointment_is_for_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", held_until__isnull=False) | ~Q(status="proposed"),
                name="appointment_held_until_a_time",
            ),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="appointment_starts_before_it_ends"),
        ]
        indexes = [
            models.Index(fields=["organization", "starts_at"], name="appointment_by_clinic_and_time"),
            models.Index(fields=["practitioner", "starts_at"], name="appointment_by_practitioner"),
            models.Index(fields=["patient", "starts_at"], name="appointment_by_patient"),
            models.Index(fields=["status", "held_until"], name="appointment_by_end_of_hold"),
            models.Index(fields=["held_by"], name="appointment_by_holder", condition=~Q(held_by="")),
        ]

    def __str__(self) -> str:
        return f"appointment {self.uuid}"

    @property
    def is_video(self) -> bool:
        """Whether it is held in a room of this house; otherwise nobody is offered one to join."""
        return self.modality in VIDEO

    @property
    def is_walk_in(self) -> bool:
        """Whether they came without a booking (services/walkin.py): then there is no time to keep, move or miss."""
        return self.appointment_type == self.Type.WALK_IN

    @property
    def is_group(self) -> bool:
        """Whether several patients may come; each has a place of their own then (groups.py)."""
        return self.capacity > 1

    @property
    def heading(self) -> str:
        """Whose visit it is, as a heading says it: of a group no name."""
        if self.is_group:
            return group_heading(self.visit_type.name if self.visit_type is not None else None)
        return self.patient.full_name if self.patient is not None else gettext(HELD_HEADING)

    @property
    def booked_for(self) -> int:
        """Primary key of the patient; ValueError while the time is only held."""
        if self.patient_id is None:
            raise ValueError(f"{self} is for nobody yet")
        return self.patient_id


def _exactly_one(*kinds: str) -> Q:
    """The row's kind is the one of these that it points at."""
    every = [Q(kind=kind, **{f"{other}__isnull": other != kind for other in kinds}) for kind in kinds]
    return reduce(or_, every)


class BookableActor(models.Model):
    """Whoever or whatever has a time that can be taken: a person or a room, each once."""

    class Kind(models.TextChoices):
        PRACTITIONER = "practitioner", _("Practitioner")
        PATIENT = "patient", _("Patient")
        LOCATION = "location", _("Location")
        INTERPRETER = "interpreter", _("Interpreter")

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    practitioner = models.OneToOneField(
        "accounts.Practitioner", on_delete=models.PROTECT, null=True, related_name="bookable"
    )
    patient = models.OneToOneField("accounts.Patient", on_delete=models.PROTECT, null=True, related_name="bookable")
    location = models.OneToOneField("accounts.Location", on_delete=models.PROTECT, null=True, related_name="bookable")
    interpreter = models.OneToOneField(Interpreter, on_delete=models.PROTECT, null=True, related_name="bookable")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_exactly_one("practitioner", "patient", "location", "interpreter"),
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
    # Whose visit it leads to; whose link it is, a guest's row says where there is one.
    patient = models.ForeignKey("accounts.Patient", on_delete=models.PROTECT, related_name="links")
    guest = models.OneToOneField(
        "scheduling.Guest", on_delete=models.PROTECT, null=True, blank=True, related_name="link"
    )
    generation = models.PositiveIntegerField(default=1)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "patient"],
                condition=Q(guest__isnull=True),
                name="link_once_per_person_and_visit",
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.uuid}"
