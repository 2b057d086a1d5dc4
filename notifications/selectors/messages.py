"""Reading messages for staff: those about one thing, and those that did not reach anybody. No sending here."""

import datetime as dt
import uuid as uuids
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actors import Actor
from accounts.policy import may, require
from audit.services import record_views
from core.clock import now, today
from core.errors import NotFound
from notifications import words
from notifications.kinds import Kind, all_kinds
from notifications.lifecycle import OPEN, MessageStatus
from notifications.models import Message, MessageEvent
from notifications.policies import relation_to
from notifications.selectors.choosing import address_of

# How long after it was due a provider may still tell that something has come back.
LATEST_NOTICE = dt.timedelta(days=7)
COUNT_SECONDS = 15
_ENDS = ("failed", "skipped", "bounced", "undelivered")
_UNDER_WAY = [status.value for status in (*OPEN, MessageStatus.SENT, MessageStatus.DELIVERED)]


@dataclass(frozen=True)
class Told:
    """A message as staff read of it."""

    message: Message
    label: str
    look: words.Look
    why: words.Words | None
    # When it goes out, where it waits for that.
    goes_out_at: dt.datetime | None
    history: tuple[tuple[dt.datetime, str, str], ...] = ()
    can_send: bool = False
    can_correct: bool = False
    # Once the address is right it goes again; else it is too late, or went another way.
    goes_again: bool = False

    @property
    def is_due(self) -> bool:
        return self.goes_out_at is not None and self.goes_out_at <= now()


def messages_about(organization_id: int, abouts: Collection[uuids.UUID]) -> list[Told]:
    """All messages about these, in the order in which they are due. Whoever asks has been allowed to see what it is."""
    rows = (
        Message.objects.filter(organization_id=organization_id, about__in=abouts)
        .select_related("patient")
        .prefetch_related("events")
        .order_by("due_at", "pk")
    )
    found = list(rows)
    return [_told(row, otherwise=_is_superseded(row, found), with_history=True) for row in found]


def unreached(
    actor: Actor, organization_id: int, day: dt.date, zone: str, *, otherwise: bool = False
) -> QuerySet[Message]:
    """What failed on this day and reached nobody by another way, or, `otherwise`, did go another way; newest first."""
    require(actor, "notifications.message.list")
    if actor.organization_id != organization_id:
        raise NotFound
    rows = _failed_on(organization_id, day, zone)
    rows = rows.filter(_went_another_way()) if otherwise else rows.exclude(_went_another_way()).filter(_is_last_try())
    return rows.select_related("patient").order_by("-due_at", "-pk")


def told_of(actor: Actor, rows: Sequence[Message], *, otherwise: bool = False) -> list[Told]:
    """What the list says of each, all of which went another way or none; seeing it is written down."""
    record_views(actor=actor, patient_ids={row.patient_id for row in rows}, page="messages")
    return [_told(row, otherwise=otherwise) for row in rows]


def is_superseded(message: Message) -> bool:
    """The same is under way or went by another channel, or a newer version of it has taken its place."""
    same = Message.objects.filter(patient=message.patient_id, kind=message.kind, about=message.about)
    return _is_superseded(message, list(same))


def unreached_today(organization_id: int, zone: str) -> int:
    """How many reached nobody today; some seconds old, as every staff page says it."""

    def count() -> int:
        rows = _failed_on(organization_id, today(zone), zone).exclude(_went_another_way())
        return rows.filter(_is_last_try()).count()

    return int(cache.get_or_set(_count_key(organization_id), count, COUNT_SECONDS) or 0)


def count_anew(organization_id: int) -> None:
    """Something was sent again: the next page counts for itself."""
    cache.delete(_count_key(organization_id))


def get_message(actor: Actor, uuid: uuids.UUID, action: str) -> Message:
    """One message with its person, for who may do this with it, or NotFound."""
    found = Message.objects.select_related("patient", "organization").filter(uuid=uuid).first()
    if found is None or not may(actor, action, relation_to(actor, found.patient)):
        raise NotFound
    return found


def _failed_on(organization_id: int, day: dt.date, zone: str) -> QuerySet[Message]:
    begins = dt.datetime.combine(day, dt.time.min, tzinfo=ZoneInfo(zone))
    ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, tzinfo=ZoneInfo(zone))
    ended = MessageEvent.objects.filter(message=OuterRef("pk"), what__in=_ENDS, at__gte=begins, at__lt=ends)
    rows = Message.objects.filter(organization_id=organization_id, due_at__gte=begins - LATEST_NOTICE, due_at__lt=ends)
    return rows.filter(_should_be_known()).filter(Exists(ended))


def _should_be_known() -> Q:
    """Failed; or skipped, and nobody else tells the patient of it."""
    needed = [kind.name for kind in all_kinds() if kind.desk_calls]
    skipped = Q(reason__in=words.TO_BE_KNOWN) | Q(reason__in=words.CHOSEN, kind__in=needed)
    return Q(status=MessageStatus.FAILED) | (Q(status=MessageStatus.SKIPPED) & skipped)


def _same() -> QuerySet[Message]:
    return Message.objects.filter(patient=OuterRef("patient"), kind=OuterRef("kind"), about=OuterRef("about"))


def _went_another_way() -> Q:
    """The same went by another channel, or a newer version of it has taken its place."""
    another = _same().filter(version=OuterRef("version"), status__in=_UNDER_WAY)
    return Q(Exists(another)) | Q(Exists(_same().filter(version__gt=OuterRef("version"))))


def _is_last_try() -> Q:
    """Of several failed ways the last one stands for all."""
    return ~Q(Exists(_same().filter(version=OuterRef("version"), pk__gt=OuterRef("pk"))))


def _is_superseded(row: Message, rows: Sequence[Message]) -> bool:
    others = [one for one in rows if one.pk != row.pk and (one.patient_id, one.kind) == (row.patient_id, row.kind)]
    return any(one.version > row.version or (one.version == row.version and one.status in _UNDER_WAY) for one in others)


def _told(row: Message, *, otherwise: bool = False, with_history: bool = False) -> Told:
    events = sorted(row.events.all(), key=lambda one: (one.at, one.pk)) if with_history else []
    has_failed = row.status == MessageStatus.FAILED
    goes_again = not otherwise and now() < row.too_late_at
    return Told(
        message=row,
        label=label_of(row.kind),
        look=words.WENT_OTHERWISE if has_failed and otherwise else words.STATES[row.status],
        why=words.reason(row.reason, row.channel) if row.reason else None,
        goes_out_at=max(row.due_at, row.next_at) if row.status == MessageStatus.WAITING else None,
        history=tuple((one.at, words.event(one.what), _detail(one)) for one in events),
        can_send=has_failed and goes_again and not _has_same_bad_address(row),
        can_correct=has_failed and not _is_to_desk(row) and (goes_again or row.reason in words.ABOUT_THE_ADDRESS),
        goes_again=goes_again,
    )


def _detail(one: MessageEvent) -> str:
    return words.reason(one.detail).what if one.detail in words.REASONS else ""


def _is_to_desk(row: Message) -> bool:
    """The clinic's terms have its address, not its patient."""
    return any(kind.to_desk and kind.name == row.kind for kind in all_kinds())


def _has_same_bad_address(row: Message) -> bool:
    """It would come back again: the address is what is wrong, and is still the same."""
    return row.reason in words.KNOWN_BAD and row.address == address_of(row.patient, row.channel)


def label_of(kind: str) -> str:
    """How staff call a kind; its bare name where no room has registered it any more."""
    known: dict[str, Kind] = {one.name: one for one in all_kinds()}
    return known[kind].label if kind in known else kind


def _count_key(organization_id: int) -> str:
    return f"notifications.unreached:{organization_id}"
