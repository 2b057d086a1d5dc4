"""When visits can be booked: types of visit, a practitioner's schedule, its weekly rules and dated exceptions."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.ids import new_uuid

DAY_MINUTES = 24 * 60


class Modality(models.TextChoices):
    """How people meet; the first line of everything that tells of a visit."""

    VIDEO_HOME = "video-home", _("Video visit from home")
    VIDEO_CLINIC = "video-clinic", _("Video visit from a clinic room")
    PHONE = "phone", _("Phone call")
    IN_PERSON = "in-person", _("Visit at the clinic")


VIDEO = frozenset({Modality.VIDEO_HOME, Modality.VIDEO_CLINIC})
# Somebody comes to the clinic, and needs a room there.
AT_THE_CLINIC = frozenset({Modality.VIDEO_CLINIC, Modality.IN_PERSON})


class BookingTerms(models.Model):
    """What holds for every booking of a clinic."""

    organization = models.OneToOneField("accounts.Organization", on_delete=models.PROTECT, related_name="booking_terms")
    # ISO 3166 codes; holidays of this country (and part of it) are closed. Empty: none.
    holiday_country = models.CharField(max_length=2, blank=True)
    holiday_subdivision = models.CharField(max_length=8, blank=True)
    # Until so long before it begins a patient may move or cancel by their link.
    change_notice_minutes = models.PositiveIntegerField(default=DAY_MINUTES)
    hold_minutes = models.PositiveSmallIntegerField(default=10, validators=[MinValueValidator(1)])
    # So long a freed time waits for one person of the wait list before the next is asked.
    offer_minutes = models.PositiveSmallIntegerField(default=15, validators=[MinValueValidator(1)])
    # So long somebody who waits and is not heard from keeps their place in line.
    place_kept_minutes = models.PositiveSmallIntegerField(default=10, validators=[MinValueValidator(1)])
    self_booking = models.BooleanField(default=True)
    # So long after their time somebody waits before it is said aloud that nobody has called them.
    answer_minutes = models.PositiveSmallIntegerField(default=10, validators=[MinValueValidator(1)])
    # Where the front desk reads mail; empty: it is told on its board alone.
    desk_email = models.EmailField(blank=True)
    # Whether what patients book themselves waits for the desk (pending) before it is booked.
    confirm_self_bookings = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"booking terms {self.pk}"


class VisitType(models.Model):
    """A kind of visit that the clinic offers (FHIR HealthcareService), by those who offer it."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="visit_types")
    name = models.CharField(max_length=100)
    minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(5), MaxValueValidator(8 * 60)])
    modality = models.CharField(max_length=16, choices=Modality, default=Modality.VIDEO_HOME)
    # What the patient should do or have at hand before; shown with every booking of this type.
    preparation = models.CharField(max_length=500, blank=True)
    # How many patients one visit takes; more than one is a group visit.
    capacity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(7)])
    needs_room = models.BooleanField(default=False)
    self_booking = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    practitioners = models.ManyToManyField("accounts.Practitioner", related_name="visit_types", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="visit_type_name_once")]

    def __str__(self) -> str:
        return self.name


class Schedule(models.Model):
    """A practitioner's own time (FHIR Schedule): the zone that its rules are meant in and the limits of booking."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="schedules")
    practitioner = models.OneToOneField("accounts.Practitioner", on_delete=models.PROTECT, related_name="schedule")
    timezone = models.CharField(max_length=64)
    # Times begin this many minutes apart, counted from the beginning of each open span.
    step_minutes = models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(5)])
    buffer_before = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(240)])
    buffer_after = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(240)])
    notice_minutes = models.PositiveIntegerField(default=60)
    horizon_days = models.PositiveSmallIntegerField(default=60, validators=[MaxValueValidator(730)])
    daily_maximum = models.PositiveSmallIntegerField(null=True, blank=True)
    keeps_holidays = models.BooleanField(default=True)
    # Rises with every change of its rules, so that what was computed from older ones is seen to be old.
    version = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"schedule {self.uuid}"


class WeeklyRule(models.Model):
    """A stretch of every week, or of every second one, in local time: open, or a named break in what is open."""

    class Kind(models.TextChoices):
        OPEN = "open", pgettext_lazy("hours", "Open")
        BREAK = "break", _("Break")

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="rules")
    # What was entered together, on several weekdays, is shown, changed and removed together.
    group = models.UUIDField(default=new_uuid, db_index=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OPEN)
    label = models.CharField(max_length=60, blank=True)
    # Monday is 0, as in datetime.date.weekday().
    weekday = models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)])
    # Minutes of the local day; an end of 1440 is midnight.
    starts = models.PositiveSmallIntegerField(validators=[MaxValueValidator(DAY_MINUTES)])
    ends = models.PositiveSmallIntegerField(validators=[MaxValueValidator(DAY_MINUTES)])
    every_weeks = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(4)])
    # Holds from this day on, which also says which weeks are meant when it is not every week.
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="rule_starts_before_it_ends"),
            models.CheckConstraint(condition=Q(weekday__lte=6, ends__lte=DAY_MINUTES), name="rule_within_a_week"),
        ]

    def __str__(self) -> str:
        return f"rule {self.pk}"


class DatedException(models.Model):
    """One day that is otherwise than the week says, for one schedule or the whole clinic.

    Open or closed then; or as usual, although it is a holiday.
    """

    class Kind(models.TextChoices):
        OPEN = "open", pgettext_lazy("hours", "Open")
        CLOSED = "closed", _("Closed")
        USUAL = "usual", _("Open as usual on a holiday")

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, null=True, blank=True, related_name="exceptions")
    # Days entered together, like a week of leave.
    group = models.UUIDField(default=new_uuid, db_index=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.CLOSED)
    label = models.CharField(max_length=60, blank=True)
    day = models.DateField()
    starts = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(DAY_MINUTES)])
    ends = models.PositiveSmallIntegerField(default=DAY_MINUTES, validators=[MaxValueValidator(DAY_MINUTES)])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts__lt=F("ends"), ends__lte=DAY_MINUTES), name="exception_starts_before_it_ends"
            ),
        ]
        indexes = [models.Index(fields=["organization", "day"], name="exception_by_clinic_and_day")]

    def __str__(self) -> str:
        return f"exception {self.pk}"
