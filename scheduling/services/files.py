"""The life of a file that is brought in: sent, checked row by row by a worker, confirmed, and then in as a whole.

Nothing of it stands before somebody has seen what every row would do. Then all rows go in by one transaction.
"""

import datetime as dt

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor, actor_for_user
from accounts.models import Organization, User
from accounts.policy import Relation, may
from audit.services import record
from core.clock import now
from core.errors import Conflict, HousecallError, Invalid, NotFound
from scheduling import hints
from scheduling.files.tables import MOST_BYTES, BadFile, Row, Table, read_table
from scheduling.lifecycle import FILE_MOVES, FileStatus
from scheduling.models import FileIn
from scheduling.services.bringing import BRINGERS, NEW, WRONG, Bringer

# A worker that is not heard of for so long is dead, and another begins again.
LEASE = dt.timedelta(minutes=2)
FAILURES = 3
# For so long a file waits to be looked at; then its content is forgotten.
KEPT_FOR = dt.timedelta(hours=24)
MOST_STANDING = 10
ROWS_AT_ONCE = 100
_RIGHTS = {
    "patients": ("accounts.patient.register", Relation.NONE),
    "practitioners": ("accounts.practitioner.register", Relation.NONE),
    "appointments": ("scheduling.appointment.book", Relation.SAME_CLINIC),
}
_WAITS = (FileStatus.CHECKING, FileStatus.CONFIRMED)


class _RowRefusedError(Exception):
    """A row cannot go in any more; raised through the transaction, which takes all others back."""


def may_bring(actor: Actor, kind: str) -> bool:
    """Whether `actor` may bring in files of this kind: who may do it by hand, may do it by file."""
    action, relation = _RIGHTS.get(kind, ("", Relation.NONE))
    return may(actor, "scheduling.file.bring", Relation.SAME_CLINIC) and may(actor, action, relation)


@transaction.atomic
def start_file(*, actor: Actor, kind: str, content: bytes) -> FileIn:
    """Take a file and let a worker check its rows. Raises Invalid when it is no table of this kind at all."""
    if not may_bring(actor, kind) or actor.organization_id is None or actor.user_id is None:
        raise NotFound
    if len(content) > MOST_BYTES:
        raise Invalid(_("The file is larger than 4 MB. Split it into smaller files."), code="file.big", field="file")
    try:
        table = _table(kind, content)
    except BadFile as bad:
        raise Invalid(str(bad), code="file.unreadable", field="file") from None
    # One at a time for a clinic, so that the count below holds.
    Organization.objects.select_for_update().get(pk=actor.organization_id)
    standing = FileIn.objects.filter(organization_id=actor.organization_id, finished_at=None)
    if standing.count() >= MOST_STANDING:
        raise Conflict(_("Too many files wait here. Bring in or give up one first."), code="file.many", field="file")
    file = FileIn.objects.create(
        organization_id=actor.organization_id,
        brought_by_id=actor.user_id,
        kind=kind,
        content=content,
        unused=[name[:60] for name in table.unused[:20]],
    )
    record(actor=actor, action="scheduling.file.start", entity=file, detail={"kind": kind, "rows": len(table.rows)})
    transaction.on_commit(hints.file_waits)
    return file


@transaction.atomic
def confirm_file(*, actor: Actor, file: FileIn) -> None:
    """Bring in what was checked. Pressed twice it is the same as once."""
    if not may_bring(actor, file.kind):
        raise NotFound
    locked = FileIn.objects.select_for_update().get(pk=file.pk)
    if locked.status in (FileStatus.CONFIRMED, FileStatus.DONE):
        return
    if locked.status != FileStatus.CHECKED:
        raise Conflict(_("This file cannot be brought in. Send it again."), code="file.not_checked")
    if locked.count(WRONG) or not locked.count(NEW):
        raise Conflict(_("Correct the rows that are wrong and send the file again."), code="file.wrong_rows")
    # Whoever confirms it has looked at it, and theirs are the roles that count.
    _move(locked, FileStatus.CONFIRMED, percent=0, failures=0, claimed_until=None, brought_by_id=actor.user_id)
    record(actor=actor, action="scheduling.file.confirm", entity=file, detail={"kind": file.kind})
    transaction.on_commit(hints.file_waits)


@transaction.atomic
def give_up_file(*, actor: Actor, file: FileIn) -> None:
    """Forget a file that is not in. What is being brought in this moment is not stopped."""
    if not may_bring(actor, file.kind):
        raise NotFound
    locked = FileIn.objects.select_for_update().get(pk=file.pk)
    if locked.status not in (FileStatus.CHECKING, FileStatus.CHECKED):
        raise Conflict(_("It is too late to give up this file. Reload the page."), code="file.too_late")
    _end(locked, _("Given up"))
    record(actor=actor, action="scheduling.file.give_up", entity=file)


# For the worker ------------------------------------------------------------------------------------------------------


def work_on_files() -> int:
    """Check and bring in every file that waits, one after the other. Returns how many were taken up."""
    taken = 0
    while (file := claim_file()) is not None:
        taken += 1
        if file.status == FileStatus.CHECKING:
            check_file(file)
        else:
            bring_in(file)
    return taken


def claim_file() -> FileIn | None:
    """The next file that waits or whose worker fell silent; of two workers the row's own word lets one have it."""
    instant = now()
    free = Q(claimed_until=None) | Q(claimed_until__lte=instant)
    for file in FileIn.objects.filter(free, status__in=_WAITS).order_by("pk")[:20]:
        mine = FileIn.objects.filter(pk=file.pk, status=file.status, claimed_until=file.claimed_until)
        failures = file.failures + (file.claimed_until is not None)
        if failures >= FAILURES:
            _end(file, _("It could not be brought in. Send it again in smaller parts."))
        elif mine.update(claimed_until=instant + LEASE, failures=failures):
            file.claimed_until, file.failures = instant + LEASE, failures
            return file
    return None


def check_file(file: FileIn) -> None:
    """Say of every row what it would do. Nothing is written but that."""
    try:
        bringer, table = _prepared(file)
    except (BadFile, HousecallError) as bad:
        _end(file, str(bad))
        return
    report = []
    for number, row in enumerate(table.rows):
        if number % ROWS_AT_ONCE == 0 and not _go_on(file, number * 100 // len(table.rows)):
            return
        report.append([row.line, *bringer.look(row)])
    _move(file, FileStatus.CHECKED, percent=100, claimed_until=None, report=report)


def bring_in(file: FileIn) -> None:
    """All rows by one transaction; one that cannot go in any more leaves none of them."""
    try:
        with transaction.atomic():
            # Held to the end: a worker that takes this one for dead waits here, and then finds it done.
            locked = FileIn.objects.select_for_update().get(pk=file.pk)
            if locked.status != FileStatus.CONFIRMED or locked.claimed_until != file.claimed_until:
                return
            bringer, table = _prepared(locked)
            brought = _bring_rows(locked, bringer, table.rows)
            _move(locked, FileStatus.DONE, percent=100, claimed_until=None, finished_at=now(), content=b"")
            actor = actor_for_user(locked.brought_by, None)
            detail = {"kind": locked.kind, "rows": len(table.rows), "brought": brought}
            record(actor=actor, action="scheduling.file.bring", entity=locked, detail=detail)
    except (_RowRefusedError, BadFile, HousecallError) as refused:
        _end(file, _("%(reason)s Nothing of the file is in.") % {"reason": refused})


def percent_of(file: FileIn) -> int:
    """How far it is. While rows go in by one transaction nobody sees its columns, so the cache says it."""
    if file.status == FileStatus.CONFIRMED:
        return int(cache.get(_cache_key(file), 0))
    return file.percent


@transaction.atomic
def forget_old_files() -> int:
    """Empty files that nobody has confirmed within a day. Returns how many."""
    old = FileIn.objects.filter(status=FileStatus.CHECKED, created_at__lt=now() - KEPT_FOR)
    words = _("Nobody brought it in within a day, so it was forgotten.")
    return sum(_end(file, words) for file in old)


def _bring_rows(file: FileIn, bringer: Bringer, rows: list[Row]) -> int:
    brought = 0
    for number, row in enumerate(rows):
        if number % ROWS_AT_ONCE == 0:
            cache.set(_cache_key(file), number * 100 // len(rows), timeout=600)
        outcome, words = bringer.look(row)
        if outcome == NEW:
            try:
                bringer.bring()
            except HousecallError as refusal:
                raise _RowRefusedError(
                    _("Line %(line)s: %(reason)s") % {"line": row.line, "reason": refusal.message}
                ) from refusal
            brought += 1
        elif outcome == WRONG:
            raise _RowRefusedError(_("Line %(line)s: %(reason)s.") % {"line": row.line, "reason": words})
    return brought


def _prepared(file: FileIn) -> tuple[Bringer, Table]:
    """By the roles that the person who brought it has now."""
    user = User.objects.get(pk=file.brought_by_id)
    actor = actor_for_user(user, None)
    if actor.organization_id != file.organization_id or not may_bring(actor, file.kind):
        raise NotFound(_("Whoever sent this file may not bring it in any more."))
    clinic = Organization.objects.get(pk=file.organization_id)
    return BRINGERS[file.kind](actor, clinic), _table(file.kind, bytes(file.content))


def _table(kind: str, content: bytes) -> Table:
    bringer = BRINGERS[kind]
    known = tuple(bringer.form.base_fields)
    return read_table(content, needed=bringer.needed, known=known, most_rows=bringer.most_rows)


def _go_on(file: FileIn, percent: int) -> bool:
    """Renew the claim and say how far it is; False when the file was given up or somebody else has it."""
    mine = FileIn.objects.filter(pk=file.pk, status=file.status, claimed_until=file.claimed_until)
    until = now() + LEASE
    if not mine.update(percent=percent, claimed_until=until):
        return False
    file.claimed_until = until
    return True


def _end(file: FileIn, problem: str) -> bool:
    return _move(
        file, FileStatus.FAILED, problem=problem[:300], claimed_until=None, finished_at=now(), content=b"", report=[]
    )


def _move(file: FileIn, target: FileStatus, **columns: object) -> bool:
    """By the table of moves, and only from where this worker or person saw it."""
    seen = FileStatus(file.status)
    if target not in FILE_MOVES[seen]:
        return False
    mine = FileIn.objects.filter(pk=file.pk, status=seen, claimed_until=file.claimed_until)
    return bool(mine.update(status=target, **columns))


def _cache_key(file: FileIn) -> str:
    return f"scheduling.files:{file.pk}"
