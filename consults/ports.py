"""Where higher rooms take part in a visit: what its relay is told, what relays tell, what its pages show, its end.

Listeners and contributors are called inside the caller's transaction, where there is one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from django.db.models import Prefetch

    from accounts.actors import Actor
    from consults.models import Encounter

Contributor = Callable[["Encounter", dict[str, Any]], None]
Prefetches = Callable[[], "Iterable[Prefetch[Any]]"]
RelayListener = Callable[[UUID, Mapping[str, Any]], None]
SnapshotPart = Callable[["Encounter", "Actor"], dict[str, Any]]
ReadForMany = Callable[["Sequence[Encounter]"], None]
VisitListener = Callable[["Actor", "Encounter"], None]
Watcher = Callable[[], None]

_contributors: list[Contributor] = []
_prefetches: list[Prefetches] = []
_relay_listeners: dict[str, list[RelayListener]] = {}
_snapshot_parts: list[SnapshotPart] = []
_reads_for_many: list[ReadForMany] = []
_over: list[VisitListener] = []
_acted: list[Callable[["Encounter"], bool]] = []
_seats_changed: list[VisitListener] = []
_passed_on: list[VisitListener] = []
_kept: list[Callable[["Encounter"], bool]] = []
_watchers: list[Watcher] = []


def on_room_document(contributor: Contributor, prefetches: Prefetches | None = None) -> None:
    """Let `contributor(encounter, document)` add to the document of an open room.

    The documents of all open rooms are made every 2 s: what a contributor reads, `prefetches()` should have fetched
    for all of them at once. Where they are not (a single room), the contributor reads by itself.
    """
    if contributor not in _contributors:
        _contributors.append(contributor)
        if prefetches is not None:
            _prefetches.append(prefetches)


def on_relay_event(kind: str, listener: RelayListener) -> None:
    """Call `listener(room, message)` with what a relay said of a room; `message["relay"]` is the relay's name and
    `message["run"]` the id of its process. Messages are levels: one may be lost, or come twice, or late."""
    listeners = _relay_listeners.setdefault(kind, [])
    if listener not in listeners:
        listeners.append(listener)


def on_visit_snapshot(part: SnapshotPart, read_for_many: ReadForMany | None = None) -> None:
    """Merge `part(encounter, actor)` into the snapshot that this person is shown of a visit.

    Of many visits at once `read_for_many(encounters)` has kept with each what the part needs, in statements that do not
    grow with their number; of a single one the part reads by itself.
    """
    if part not in _snapshot_parts:
        _snapshot_parts.append(part)
        if read_for_many is not None:
            _reads_for_many.append(read_for_many)


def on_visit_over(listener: VisitListener) -> None:
    """Call `listener(actor, encounter)` when a visit ends; its row is locked."""
    if listener not in _over:
        _over.append(listener)


def on_seats_changed(listener: VisitListener) -> None:
    """Call `listener(actor, encounter)` when somebody sat down in a visit or left it; its row is locked."""
    if listener not in _seats_changed:
        _seats_changed.append(listener)


def on_passed_on(listener: VisitListener) -> None:
    """Call `listener(actor, encounter)` when a visit leaves a call for another practitioner's; its row is locked."""
    if listener not in _passed_on:
        _passed_on.append(listener)


def on_acted(reader: Callable[["Encounter"], bool]) -> None:
    """Let `reader(encounter)` say that something was done in the visit's call, which began at its `started_at`, so
    that it was no mistake."""
    if reader not in _acted:
        _acted.append(reader)


def on_kept(reader: Callable[["Encounter"], bool]) -> None:
    """Let `reader(encounter)` say that something was kept of a visit that did not come to its end: its patient gets at
    it by a code, as after one that did."""
    if reader not in _kept:
        _kept.append(reader)


def on_watch(watcher: Watcher) -> None:
    """Call `watcher()` about every 2 s in every web process, links or no links."""
    if watcher not in _watchers:
        _watchers.append(watcher)


def document_prefetches() -> "list[Prefetch[Any]]":
    return [prefetch for prefetches in _prefetches for prefetch in prefetches()]


def contribute(encounter: "Encounter", document: dict[str, Any]) -> None:
    for contributor in _contributors:
        contributor(encounter, document)


def tell_relay_event(kind: str, room: UUID, message: Mapping[str, Any]) -> None:
    for listener in _relay_listeners.get(kind, ()):
        listener(room, message)


def read_for_snapshots(encounters: "Sequence[Encounter]") -> None:
    for read_for_many in _reads_for_many:
        read_for_many(encounters)


def snapshot_parts(encounter: "Encounter", actor: "Actor") -> dict[str, Any]:
    return {name: value for part in _snapshot_parts for name, value in part(encounter, actor).items()}


def tell_visit_over(actor: "Actor", encounter: "Encounter") -> None:
    for listener in _over:
        listener(actor, encounter)


def tell_passed_on(actor: "Actor", encounter: "Encounter") -> None:
    for listener in _passed_on:
        listener(actor, encounter)


def was_acted(encounter: "Encounter") -> bool:
    return any(reader(encounter) for reader in _acted)


def has_kept(encounter: "Encounter") -> bool:
    return any(reader(encounter) for reader in _kept)


def tell_seats_changed(actor: "Actor", encounter: "Encounter") -> None:
    for listener in _seats_changed:
        listener(actor, encounter)


def watch() -> None:
    for watcher in _watchers:
        watcher()
