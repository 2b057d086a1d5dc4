"""Writing what a device check has found; of one person of a visit the newest counts."""

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from audit.services import record
from consults import checks
from consults.lifecycle import OVER
from consults.models import DoorCheck, Encounter
from consults.people import patient_of
from consults.policies import require_visit, visit_over
from consults.services.rows import locked_visit, raise_queue_version
from core.clock import now
from core.errors import Invalid

MOST_MS = 60_000
LONGEST_BROWSER = 60


@dataclass(frozen=True)
class Finding:
    """Codes of `consults.checks`, empty where nothing was found out."""

    camera: str = ""
    microphone: str = ""
    speaker: str = ""
    path: str = ""
    spare: str = ""
    round_trip_ms: int | None = None
    browser: str = ""
    in_app: str = ""


@transaction.atomic
def keep_device_check(*, actor: Actor, encounter: Encounter, finding: Finding) -> DoorCheck:
    """Keep what this person's devices and line can do now. The same once more changes only when it was found."""
    _require_known(finding)
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.devices.tell", encounter)
    if encounter.status in OVER:
        raise visit_over()
    row = DoorCheck.objects.filter(encounter=encounter, actor_type=actor.type, actor_id=actor.id or 0).first()
    row = row or DoorCheck(encounter=encounter, actor_type=actor.type, actor_id=actor.id or 0)
    before = None if row.pk is None else checks.troubles(row)
    is_same = row.pk is not None and all(getattr(row, name) == value for name, value in asdict(finding).items())
    for name, value in asdict(finding).items():
        setattr(row, name, value)
    row.checked_at = now()
    row.save()
    if is_same:
        return row
    if (before or []) != checks.troubles(row):
        raise_queue_version(encounter.queue)
    patient_id = patient_of(actor, encounter).pk if actor.type == "patient" else encounter.patient_id
    # Codes only: what is wrong with whose camera is for the pages of the visit.
    record(actor=actor, action="consults.devices.tell", entity=encounter, patient_id=patient_id)
    return row


def _require_known(finding: Finding) -> None:
    known = (
        (finding.camera, checks.CAMERA),
        (finding.microphone, checks.MICROPHONE),
        (finding.speaker, checks.SPEAKER),
        (finding.path, checks.PATH),
        (finding.spare, checks.SPARE),
    )
    is_known = all(code == "" or code in words for code, words in known)
    in_time = finding.round_trip_ms is None or 0 <= finding.round_trip_ms <= MOST_MS
    if not is_known or not in_time or len(finding.browser) > LONGEST_BROWSER:
        raise Invalid(_("We could not read what the check has found. Load the page again."), code="devices.unreadable")
