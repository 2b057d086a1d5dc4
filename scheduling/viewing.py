"""Remembers which views of patients this process has already recorded, so that a redraw costs no write."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from django.db import transaction

from accounts.actors import Actor
from audit import services as audit

_Key = tuple[str, int | None, str, int, str]
_KEPT = 20_000
_recorded: OrderedDict[_Key, None] = OrderedDict()
_lock = threading.Lock()


def record_views(*, actor: Actor, patient_ids: Iterable[int], page: str) -> None:
    """Record that `actor` saw these patients on `page`, once per viewer, patient, page and session.

    The database keeps the "once"; the memory here only spares it the question, and forgets without harm.
    """
    if actor.type not in {"user", "patient", "guest"}:
        return
    wanted = {(actor.type, actor.id, actor.session, patient_id, page) for patient_id in patient_ids}
    with _lock:
        # Asked one by one: to take all that is remembered off `wanted` would walk through all of it.
        fresh = sorted((key for key in wanted if key not in _recorded), key=lambda key: key[3])
    if not fresh:
        return
    with transaction.atomic():
        audit.record_views(actor=actor, patient_ids=[key[3] for key in fresh], page=page)
        # Only what was committed is remembered: a rolled back view is asked for again.
        transaction.on_commit(lambda: _remember(fresh))


def _remember(keys: Iterable[_Key]) -> None:
    with _lock:
        for key in keys:
            _recorded[key] = None
            _recorded.move_to_end(key)
        while len(_recorded) > _KEPT:
            _recorded.popitem(last=False)
