"""What many visit sockets ask of the house at once, in one trip to a database thread. Synchronous.

Patients who came by a link are answered together, with statements that do not grow with their number; whoever is not
found that way (guests, groups, staff, and whoever may not be here) is asked for alone, in visits.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error as DatabaseError
from django.utils.translation import override

from accounts.actors import Actor
from consults import selectors
from consults.lifecycle import OVER, VisitStatus
from consults.models import Seat
from consults.presence import SILENT_AFTER, may_sit
from consults.selectors.together import OwnVisit, own_visits, read_rooms
from consults.selectors.visits import Lines, snapshot_of
from consults.services.coming_back import Comer, take_seats
from consults.services.seats import TOUCH_EVERY, touch_seats
from core.clock import now
from core.errors import HousecallError
from signaling import lines, visits
from signaling.messages import WATCH, ProtocolError
from signaling.visits import Ask, View

log = logging.getLogger(__name__)

Admitted = tuple[Actor, Any]
Answer = View | Admitted | Exception
_MAY = (WATCH, "consults.visit.view", "consults.chat.read")


def answers(asks: Sequence[Ask]) -> list[Answer]:
    """One for each, in order; what was raised for one is the answer of that one alone."""
    found: dict[int, Answer] = {}
    if len(asks) > 1 or asks[0].is_by_link:
        try:
            found = _together(asks)
        except DatabaseError:
            raise
        except Exception:
            log.exception("socket.not_together")
    return [found.get(number) or _alone(ask) for number, ask in enumerate(asks)]


def _alone(ask: Ask) -> Answer:
    try:
        with override(ask.language):
            return _work_of(ask)()
    except (HousecallError, ProtocolError, DatabaseError) as refusal:
        return refusal
    except Exception as fault:  # noqa: BLE001  the socket that asked logs it, as if it had been alone
        return fault


def _work_of(ask: Ask) -> Callable[[], View | Admitted]:
    if ask.tab is None:
        return lambda: visits.admit_socket(ask.door)
    tab, holder = ask.tab, ask.holder
    if ask.is_hello:
        return lambda: visits.open_view(ask.door, holder, tab, ask.chat_seq)
    return lambda: visits.look_again(ask.door, ask.seat, holder, ask.chat_seq)


def _together(asks: Sequence[Ask]) -> dict[int, Answer]:
    by_link = [number for number, ask in enumerate(asks) if ask.is_by_link]
    if not by_link:
        return {}
    owns = own_visits([(str(asks[one].door.scope["path"]), asks[one].door.cookies) for one in by_link], _MAY)
    found = {number: own for number, own in zip(by_link, owns, strict=True) if own is not None}
    for queue in {own.encounter.queue_id: own.encounter.queue for own in found.values()}.values():
        lines.keep(queue)
    admitted: dict[int, Answer] = {
        number: (own.actor, own.encounter.uuid) for number, own in found.items() if asks[number].tab is None
    }
    rest = {number: own for number, own in found.items() if number not in admitted}
    seats = _hellos(asks, rest)
    read_rooms(list(rest.values()))
    seats |= _looks(asks, {number: own for number, own in rest.items() if not asks[number].is_hello})
    shown = {number: own for number, own in rest.items() if number in seats}
    places = Lines(now())
    places.read(own.encounter.queue_id for own in shown.values())
    return admitted | {number: _view(asks[number], own, seats[number], places) for number, own in shown.items()}


def _hellos(asks: Sequence[Ask], owns: dict[int, OwnVisit]) -> dict[int, Seat | None]:
    """Who is answered here, with the seat taken: none before the waiting room. The others take theirs alone."""
    seats: dict[int, Seat | None] = {}
    comers: dict[int, Comer] = {}
    for number, own in owns.items():
        ask = asks[number]
        if not ask.is_hello or ask.tab is None:
            continue
        if own.encounter.status == VisitStatus.ARRIVED:
            comers[number] = Comer(own, ask.holder)
        elif not may_sit(own.actor, own.encounter, now()):
            seats[number] = None
    return seats | _taken(comers)


def _taken(comers: dict[int, Comer]) -> dict[int, Seat | None]:
    if not comers:
        return {}
    taken = take_seats(list(comers.values()))
    seats = {number: taken.get(comer.own.encounter.pk) for number, comer in comers.items()}
    return {number: seat for number, seat in seats.items() if seat is not None and seat.holder == comers[number].holder}


def _looks(asks: Sequence[Ask], owns: dict[int, OwnVisit]) -> dict[int, Seat | None]:
    """Those whose look changes nothing but when they were heard last, which is noted for all in one statement."""
    seats: dict[int, Seat | None] = {}
    heard: list[Seat] = []
    back: dict[int, Comer] = {}
    instant = now()
    for number, own in owns.items():
        held, there = asks[number].seat, own.encounter.seats_read  # type: ignore[attr-defined]
        if own.encounter.status == VisitStatus.IN_PROGRESS and any(one.sharing is not None for one in there):
            continue
        if held is None or not may_sit(own.actor, own.encounter, instant):
            seats[number] = None
            continue
        mine = next((one for one in there if one.pk == held.pk and one.holder == asks[number].holder), None)
        if mine is None:
            continue
        if not mine.connected or mine.last_seen_at < instant - SILENT_AFTER:
            back[number] = Comer(own, asks[number].holder, mine)
            continue
        if mine.last_seen_at <= instant - TOUCH_EVERY:
            heard.append(mine)
        seats[number] = held
    touch_seats(heard)
    return seats | _taken(back)


def _view(ask: Ask, own: OwnVisit, seat: Seat | None, places: Lines) -> View:
    encounter = own.encounter
    with override(ask.language):
        snapshot = snapshot_of(own.actor, encounter, places)
    later = encounter.chat_seq > ask.chat_seq
    return View(
        actor=own.actor,
        room=encounter.uuid,
        visit=snapshot,
        chat=[dict(one) for one in selectors.chat_since(own.actor, encounter, ask.chat_seq)] if later else [],
        seat=seat,
        relay=encounter.relay,
        version=encounter.room_version,
        taken=False,
        over=encounter.status in OVER or snapshot["state"] == "late",
    )
