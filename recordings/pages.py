"""Words and figures of the recordings' pages, from rows to what templates and scripts show. Reads nothing itself."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext, gettext_noop, ngettext, pgettext_lazy

from accounts.actors import Actor
from core.templatetags.ui import clock_time, long_date
from recordings.lifecycle import ExportStatus, Problem, RecordingStatus
from recordings.models import Export, Recording, RetentionRule
from recordings.retention import VISIT_TYPES
from recordings.selectors import films, playback

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_S = RecordingStatus

# status -> (state of the tag, title, sentence). What is, then what happens next.
WORDS: "dict[str, tuple[str, StrOrPromise, str]]" = {
    _S.REQUESTED: (
        "recording",
        gettext_noop("The visit is still going on"),
        gettext_noop("The recording can be played after the visit."),
    ),
    _S.WAITING: (
        "recording",
        gettext_noop("The visit is still going on"),
        gettext_noop("The recording can be played after the visit."),
    ),
    _S.RECORDING: (
        "recording",
        gettext_noop("The visit is still going on"),
        gettext_noop("The recording can be played after the visit."),
    ),
    _S.PAUSED: (
        "recording",
        gettext_noop("The visit is still going on"),
        gettext_noop("The recording can be played after the visit."),
    ),
    _S.FINISHING: (
        "preparing",
        gettext_noop("The recording is being put together"),
        gettext_noop("This takes a minute or two for each hour. You can close this page and come back."),
    ),
    _S.READY: ("ready", pgettext_lazy("what was recorded", "Recording"), ""),
    _S.FAILED: (
        "failed",
        gettext_noop("The recording could not be put together"),
        gettext_noop(
            "What was recorded is kept, sealed, and it is tried again by itself. If it stays like this, tell who runs"
            " the clinic's server."
        ),
    ),
    _S.ERASED: (
        "erased",
        gettext_noop("This recording is erased"),
        gettext_noop("Nobody can play it any more, and it cannot be brought back."),
    ),
}
KINDS = {
    "mp4": ("MP4", gettext_noop("Plays on nearly every telephone, computer and television.")),
    "webm": ("WebM", gettext_noop("Plays in Chrome, Edge, Firefox and VLC.")),
}
# A failed recording of which there is no byte: why, by its problem.
NOTHING = (gettext_noop("Nothing was recorded"), gettext_noop("No sound and no picture reached the disk."))
NOBODY = (
    gettext_noop("Nothing was recorded"),
    gettext_noop("Nobody could be recorded: too few people agreed, or were there."),
)


def state_words(recording: Recording) -> dict[str, Any]:
    """The state as the page says it."""
    state, title, sentence = WORDS[recording.status]
    if recording.status == _S.FAILED and recording.size == 0:
        title, sentence = NOBODY if recording.problem == Problem.CONSENT else NOTHING
    return {"state": state, "title": gettext(str(title)), "sentence": gettext(sentence)}


def row(recording: Recording) -> dict[str, Any]:
    """One recording in the list."""
    zone = recording.organization.timezone
    at = recording.began_at or recording.requested_at
    return {
        "recording": recording,
        "day": long_date(at, zone),
        "time": clock_time(at, zone),
        "patient": recording.encounter.patient.full_name,
        "state": WORDS[recording.status][0],
        "length": _length(recording),
        "percent": recording.percent if recording.status == _S.FINISHING else None,
    }


def one(actor: Actor, recording: Recording) -> dict[str, Any]:
    """The player's page."""
    files = playback.playable_files(recording)
    zone = recording.organization.timezone
    at = recording.began_at or recording.requested_at
    mine = [
        stream for stream in recording.streams.filter(erase_asked_at=None)
        if (stream.person_type, stream.person_id) == (actor.type, actor.id)
    ]  # fmt: skip
    return {
        "recording": recording,
        "words": state_words(recording),
        "began": at,
        "zone": zone,
        "with_whom": recording.encounter.patient.full_name if actor.type == "user" else "",
        "practitioner": recording.encounter.practitioner,
        "files": files,
        "exports": {export.kind: export_words(export) for export in films.exports_of(actor, recording)},
        "may_erase_mine": bool(mine) and not recording.legal_hold and recording.status != _S.ERASED,
        "kinds": [(kind, (name, gettext(plays))) for kind, (name, plays) in KINDS.items()],
        "backup_days": settings.RECORDING_KEY_BACKUP_DAYS,
    }


def kept_row(recording: Recording, until: dt.datetime) -> dict[str, Any]:
    """One recording on the privacy officer's page."""
    return {**row(recording), "until": until, "practitioner": recording.encounter.practitioner.short_name}


def export_words(export: Export) -> dict[str, Any]:
    """An export as its row on the page says it."""
    return {
        "id": str(export.uuid),
        "kind": export.kind,
        "name": export.get_kind_display(),
        "status": export.status,
        "percent": export.percent,
        "size": megabytes(export.size) if export.status == ExportStatus.READY else "",
        "expires_at": export.expires_at.isoformat() if export.expires_at else None,
    }


def rules(known: list[RetentionRule]) -> list[tuple[str, int, bool]]:
    """Every type of visit with its days, and whether the clinic has set them itself."""
    days = {rule.visit_type: rule.days for rule in known}
    for_all = days.get("", settings.RECORDING_KEEP_DAYS)
    return [(gettext(name), days.get(code, for_all), code in days) for code, name in VISIT_TYPES.items()]


def megabytes(size: int) -> str:
    return f"{max(1, round(size / 1_000_000))} MB"


def _length(recording: Recording) -> str:
    """ "31 minutes", by the clock of the recording; empty while it is open."""
    if recording.began_at is None or recording.ended_at is None:
        return ""
    minutes = round((recording.ended_at - recording.began_at).total_seconds() / 60)
    if minutes < 1:
        return gettext("under a minute")
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
