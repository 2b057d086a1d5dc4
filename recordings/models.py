"""Recording, Stream, MediaFile, Export and RetentionRule. Rules live in services and lifecycle, keys in keystore."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.ids import new_uuid
from recordings.lifecycle import OPEN, ExportStatus, RecordingStatus


class Recording(models.Model):
    """One recording of one visit, from the press on Record to its erasure. What was said is not in the database."""

    class Status(models.TextChoices):
        REQUESTED = RecordingStatus.REQUESTED.value, pgettext_lazy("a recording", "Asked for")
        WAITING = RecordingStatus.WAITING.value, pgettext_lazy("a recording", "Waiting")
        RECORDING = RecordingStatus.RECORDING.value, pgettext_lazy("a recording", "Recording")
        PAUSED = RecordingStatus.PAUSED.value, pgettext_lazy("a recording", "Paused")
        FINISHING = RecordingStatus.FINISHING.value, pgettext_lazy("a recording", "Being prepared")
        READY = RecordingStatus.READY.value, pgettext_lazy("a recording", "Ready")
        FAILED = RecordingStatus.FAILED.value, pgettext_lazy("a recording", "Failed")
        ERASED = RecordingStatus.ERASED.value, pgettext_lazy("a recording", "Erased")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="recordings")
    encounter = models.ForeignKey("consults.Encounter", on_delete=models.PROTECT, related_name="recordings")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.REQUESTED)
    requested_at = models.DateTimeField()
    requested_by_type = models.CharField(max_length=16)
    requested_by_id = models.BigIntegerField(null=True)
    requested_by_label = models.CharField(max_length=200)
    # The first byte that was safe on the disk, and the end: nothing is written after it.
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # When enough people had agreed for the first time; without it no relay was ever told to write.
    permitted_at = models.DateTimeField(null=True, blank=True)
    # Since when bytes are due: enough people agree and are there. Empty while they do not.
    due_at = models.DateTimeField(null=True, blank=True)
    # By our clock, when a relay last told how it stands; by the relay's clock, its last byte that was synced.
    heard_at = models.DateTimeField(null=True, blank=True)
    safe_at = models.DateTimeField(null=True, blank=True)
    relay_state = models.CharField(max_length=16, blank=True)
    # Whose clock that is: instants of two relays are not compared.
    heard_run = models.CharField(max_length=64, blank=True)
    # By how many ms our clock is ahead of that of the relay process where it began, and which process that is. Media
    # stand on the relay's clock: `began_at` less this is where the timeline begins on it.
    clock_offset_ms = models.BigIntegerField(null=True, blank=True)
    clock_run = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=32, blank=True)
    size = models.BigIntegerField(default=0)
    # Of the job that puts it together: how far it is, and until when a worker has claimed it.
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # How often in a row putting it together broke off.
    failures = models.PositiveSmallIntegerField(default=0)
    # Empty: the clinic's rule says it.
    keep_until = models.DateTimeField(null=True, blank=True)
    legal_hold = models.BooleanField(default=False)
    hold_reason = models.CharField(max_length=200, blank=True)
    # Erasure is decided first and then carried out, so that a crash between its steps forgets nothing.
    erase_asked_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["encounter"],
                condition=models.Q(status__in=sorted(status.value for status in OPEN)),
                name="recording_one_open_per_visit",
            ),
        ]
        indexes = [
            models.Index(fields=["status"], name="recording_by_status"),
            models.Index(fields=["organization", "-requested_at"], name="recording_by_clinic_and_time"),
        ]

    def __str__(self) -> str:
        return f"recording {self.uuid}"


class Stream(models.Model):
    """What one person said and showed in one recording. Its `uuid` names the folder of its parts and its key."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="streams")
    seat = models.UUIDField()
    person_type = models.CharField(max_length=16)
    person_id = models.BigIntegerField()
    label = models.CharField(max_length=200)
    # The public half of its key (age1...); empty once erased.
    recipient = models.CharField(max_length=100, blank=True)
    last_number = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    # Bytes that each relay process has reported, by the id of its run: `size` is their sum.
    sizes = models.JSONField(default=dict, blank=True)
    began_at = models.DateTimeField()
    # Set while the person's yes does not stand, and for good when the recording ends.
    ended_at = models.DateTimeField(null=True, blank=True)
    # The relay has said that the last part of this stream is on the disk.
    closed = models.BooleanField(default=False)
    # What was there of its parts and what was not, kept when the parts are gone (docs/recording.md, "Files").
    report = models.JSONField(default=dict, blank=True)
    erase_asked_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Somebody who had their part erased and agrees once more gets another stream with another key.
            models.UniqueConstraint(
                fields=["recording", "person_type", "person_id"],
                condition=models.Q(erase_asked_at__isnull=True),
                name="stream_once_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"stream {self.uuid}"


class MediaFile(models.Model):
    """One playable file of a stream: a person's voice and camera, or their screen. Sealed block by block."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Voice and camera")
        SCREEN = "screen", pgettext_lazy("what is shared", "Screen")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    block_size = models.PositiveIntegerField()
    blocks = models.PositiveIntegerField()
    duration_ms = models.PositiveBigIntegerField()
    # Where it starts on the recording's timeline.
    offset_ms = models.PositiveBigIntegerField(default=0)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    # Holes, on the recording's timeline: [{"from": ms, "to": ms, "why": code}].
    gaps = models.JSONField(default=list, blank=True)
    sealed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["stream", "kind"], name="media_file_by_stream")]

    def __str__(self) -> str:
        return f"media file {self.uuid}"


class Export(models.Model):
    """One request for a file to take along: everybody side by side, sound mixed. It expires."""

    class Kind(models.TextChoices):
        WEBM = "webm", "WebM"
        MP4 = "mp4", "MP4"

    class Status(models.TextChoices):
        QUEUED = ExportStatus.QUEUED.value, pgettext_lazy("a film", "Waiting")
        RUNNING = ExportStatus.RUNNING.value, pgettext_lazy("a film", "Being made")
        READY = ExportStatus.READY.value, pgettext_lazy("a film", "Ready")
        FAILED = ExportStatus.FAILED.value, pgettext_lazy("a film", "Failed")
        CANCELLED = ExportStatus.CANCELLED.value, pgettext_lazy("a film", "Cancelled")
        EXPIRED = ExportStatus.EXPIRED.value, pgettext_lazy("a film", "Expired")

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="exports")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    percent = models.PositiveSmallIntegerField(default=0)
    requested_by_type = models.CharField(max_length=16)
    requested_by_id = models.BigIntegerField(null=True)
    requested_by_label = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # How often a worker fell silent over it.
    failures = models.PositiveSmallIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    blocks = models.PositiveIntegerField(default=0)
    recipient = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [models.Index(fields=["status"], name="export_by_status")]

    def __str__(self) -> str:
        return f"export {self.uuid}"


class RetentionRule(models.Model):
    """For how many days a clinic keeps its recordings; a rule for one type of visit goes before the one for all."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    # The code of a visit type; empty: every visit.
    visit_type = models.CharField(max_length=64, blank=True)
    days = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "visit_type"], name="retention_rule_once_per_visit_type"),
        ]

    def __str__(self) -> str:
        return f"retention rule {self.pk}"
