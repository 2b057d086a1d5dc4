"""The code that opens what a visit leaves behind: how it is made, how long it counts, and the message that brings it.

Nothing that is stored opens anything: the code is an HMAC over its row's id.
"""

import datetime as dt

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_noop

from accounts.models import Patient
from consults import ports
from consults.lifecycle import BEGUN, VisitStatus
from consults.models import Encounter, LeaveCode
from core.clock import now
from notifications.kinds import EMAIL, SMS, Group, Kind, Letter, Skip, register
from notifications.models import Message
from notifications.services.outbox import put

KIND = "visit.code"
DIGITS = 6
LASTS = dt.timedelta(minutes=10)
MOST_TRIES = 5
# So many codes are sent, at most: 50 tries of a million a day.
MOST_AN_HOUR, MOST_A_DAY = 5, 10
# For so long the session that entered it sees the page.
OPEN_FOR = dt.timedelta(hours=1)

_SALT = "consults.codes"


def register_kind() -> None:
    """Once, when the app is ready. It is asked for, so that it waits for no morning and no clinic switches it off."""
    label = gettext_noop("Code for what a visit leaves behind")
    ways = (EMAIL, SMS)
    register(Kind(KIND, label, Group.BOOKINGS, look, _example, ways, urgent=True, can_be_off=False, keeps=LASTS))


def opens(encounter: Encounter) -> bool:
    """Whether there is something that a code opens: a finished visit leaves its page behind, and any other, while no
    call of it is on, what was recorded in a call before it was passed on or cancelled."""
    if encounter.status == VisitStatus.FINISHED:
        return True
    return encounter.status not in BEGUN and ports.has_kept(encounter)


def code_of(row: LeaveCode) -> str:
    """Six digits."""
    digest = salted_hmac(_SALT, row.uuid.bytes, algorithm="sha256").digest()
    return str(int.from_bytes(digest[:8], "big") % 10**DIGITS).zfill(DIGITS)


def fits(row: LeaveCode, typed: str) -> bool:
    """Compared in constant time, and only while it counts."""
    is_right = constant_time_compare(code_of(row), "".join(typed.split()))
    return is_right and counts(row)


def counts(row: LeaveCode) -> bool:
    return row.tries <= MOST_TRIES and row.proven_at is None and now() < row.asked_at + LASTS


def send(row: LeaveCode) -> None:
    """In the transaction that made the row."""
    about = row.encounter.appointment.uuid
    put(kind=KIND, patient=row.patient, about=about, version=row.number, too_late_at=row.asked_at + LASTS)


def look(message: Message) -> Letter | Skip:
    row = _newest(message.patient, message)
    if row is None or not opens(row.encounter):
        return Skip("not_so")
    if row.number != message.version:
        return Skip("newer")
    if not counts(row):
        return Skip("too_late")
    return Letter({"code": code_of(row), "minutes": int(LASTS.total_seconds() // 60)})


def _newest(patient: Patient, message: Message) -> LeaveCode | None:
    rows = LeaveCode.objects.select_related("encounter").filter(encounter__appointment__uuid=message.about)
    return rows.filter(patient=patient).order_by("-number").first()


def newest_code(encounter: Encounter, patient: Patient) -> LeaveCode | None:
    """The one that counts, if any does."""
    return LeaveCode.objects.filter(encounter=encounter, patient=patient).order_by("-number").first()


def _example() -> Letter:
    return Letter({"code": "123456", "minutes": 10})
