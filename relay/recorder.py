"""Whose media is written, and for how long: the recordings of all rooms. Bytes are parts.py, the disk is vault.py.

A person is written while the room's newest document names them, their seat is in the call, and the lease stands: it
counts from the moment for which a document is known to have held, not from its arrival, which may be late by any time.
Nothing else begins or continues a recording.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from relay.documents import RecordingWish
from relay.limits import FRESH_SECONDS
from relay.parts import Part, Stream
from relay.tape import Tape
from relay.vault import Vault

if TYPE_CHECKING:
    from relay.peer import Peer
    from relay.room import Room

logger = logging.getLogger(__name__)

Message = dict[str, object]
STATES = ("recording", "waiting", "lapsed", "full", "failing", "unavailable")
_SAYING_SECONDS = 0.95  # once a second, by a clock of ten ticks
_TELLING_SECONDS = 60.0
_TROUBLE_SECONDS = 3.0  # a failing disk shows once a second, while media flows


class Taping:
    """The recording of one room. Its lease is looked at before anything else is done, whatever is asked of it."""

    def __init__(self, room: str, recording: str, vault: Vault | None) -> None:
        self.room = room
        self.recording = recording
        self.wish: RecordingWish | None = None
        self.tapes: dict[str, Tape] = {}
        self.lapsed = False
        self.refused = 0  # parts the queue had no place for, until they are counted
        self._vault = vault
        self._lease_until: float | None = None  # None: never given since this was wanted
        self._said_state = ""
        self._said_people: list[Message] = []
        self._said_at = -_SAYING_SECONDS

    # -- what the web wants

    def apply(self, wish: RecordingWish | None, asked_at: float | None, now: float) -> None:
        """A newer document, about this recording or none. Who is not in it is not written from here on.

        `asked_at`: the web had asked its records for it no earlier than this; None when it does not say so.
        """
        self._lapse(now)
        wanted = self._streams(wish)
        for name, tape in list(self.tapes.items()):
            if wanted.get(name) != tape.stream:
                self._end(tape, now)
        for name, stream in wanted.items():
            if name not in self.tapes or self.tapes[name].stream != stream:
                self.tapes[name] = Tape(stream)
            self.tapes[name].ended = False
        self.wish = wish
        if wish is None:
            self.lapsed, self._lease_until = False, None
        else:
            self._renew(wish, asked_at, now)

    def renew(self, wish: RecordingWish | None, asked_at: float | None, now: float) -> None:
        """The same document again, to the letter; a different one under the same version renews nothing."""
        self._lapse(now)
        if wish is not None and wish == self.wish:
            self._renew(wish, asked_at, now)

    def _streams(self, wish: RecordingWish | None) -> dict[str, Stream]:
        if wish is None:
            return {}
        return {
            person.stream: Stream(self.recording, person.stream, person.recipient, wish.mac)
            for person in wish.people.values()
        }

    def _renew(self, wish: RecordingWish, asked_at: float | None, now: float) -> None:
        """A no given later than `asked_at` is in no document older than that, so writing ends a lease after the no.

        What lay in a buffer while we were frozen or cut off renews nothing, in whatever order it is read.
        """
        if asked_at is None or asked_at + wish.lease <= now:
            return
        self.lapsed = False
        self._lease_until = max(self._lease_until or 0.0, asked_at + wish.lease)
        for tape in self.tapes.values():
            tape.renewed(now)

    def _lapse(self, now: float) -> None:
        """At the end of the lease, however late we look: what came after it is not written."""
        if self._lease_until is None or self.lapsed or now < self._lease_until:
            return
        self.lapsed = True
        for tape in self.tapes.values():
            if tape.wired:
                self._put(tape, tape.unwire(self._lease_until), now)
                tape.lapsed_at = self._lease_until

    # -- media

    def settle(self, room: Room, now: float) -> None:
        """Wire the tracks of those who may be written, and of nobody else."""
        self._lapse(now)
        allowed = self._allowed(room)
        for name, tape in self.tapes.items():
            peer = allowed.get(name)
            if peer is not None:
                self._put(tape, tape.wire(peer, now), now)
            elif tape.wired:
                self._put(tape, tape.unwire(), now)

    def _allowed(self, room: Room) -> dict[str, Peer]:
        """Connections by stream."""
        if self.wish is None or self._lease_until is None or self.lapsed or self._vault is None:
            return {}
        found = {}
        for name, person in self.wish.people.items():
            seat = room.seats.get(name)
            if seat is not None and seat.active and seat.peer is not None and seat.peer.state != "closed":
                found[person.stream] = seat.peer
        return found

    def tick(self, now: float, second: bool) -> None:
        """Ten times a second; each tenth time is a `second`."""
        self._lapse(now)
        for tape in self.tapes.values():
            if tape.due(now):
                self._put(tape, tape.cut(), now)
            if second:
                tape.want_key_frames(now)

    def drop(self) -> None:
        """Something is wrong here: nobody is written until the room's next document."""
        for tape in self.tapes.values():
            for track in tape.wired:
                track.stop_recording()
            tape.wired.clear()
            tape.arrivals.clear()

    def end(self, now: float) -> None:
        """Nothing more of anybody."""
        self.apply(None, None, now)

    def _end(self, tape: Tape, now: float) -> None:
        self._put(tape, tape.unwire(), now)
        if tape.opened:
            self._put(tape, [tape.end(now)], now)
            tape.opened = False
        else:
            tape.ended = True

    def _put(self, tape: Tape, parts: Iterable[Part], now: float) -> None:
        assert self._vault is not None or not parts
        for part in parts:
            if self._vault is not None and self._vault.put(part, tape):
                tape.accepted(now)
            else:
                tape.refused(part, now)
                self.refused += 1

    # -- what the web hears

    def state(self, now: float) -> str:
        if self._vault is None:
            return "unavailable"
        if self.lapsed:
            return "lapsed"
        tapes = self.tapes.values()
        for tape in tapes:
            if tape.trouble and now - tape.failed_at <= _TROUBLE_SECONDS:
                return tape.trouble
        if any(tape.synced_at is not None and now - tape.synced_at <= FRESH_SECONDS for tape in tapes):
            return "recording"
        stuck = any(tape.pending and now - tape.put_at > FRESH_SECONDS for tape in tapes)
        return "failing" if stuck else "waiting"

    @property
    def is_over(self) -> bool:
        """Nothing is wanted, and nothing is on its way to the disk."""
        return self.wish is None and all(tape.ended for tape in self.tapes.values())

    def news(self, now: float) -> Message | None:
        """At each change of state; else once a second, so that whoever listens can tell silence from trouble."""
        state = self.state(now)
        if state == self._said_state and not self.is_over and now - self._said_at < _SAYING_SECONDS:
            return None
        people: list[Message] = [
            {
                "stream": name,
                "number": tape.number,
                "bytes": tape.size,
                "synced": tape.synced_us,
                "ended": tape.ended,
            }
            for name, tape in self.tapes.items()
        ]
        if self.wish is None and (state, people) == (self._said_state, self._said_people):
            return None
        self._said_state, self._said_people, self._said_at = state, people, now
        return {
            "type": "recorded",
            "room": self.room,
            "seat": None,
            "connection": None,
            "recording": self.recording,
            "state": state,
            "free": self._vault.free if self._vault is not None else 0,
            "people": people,
        }

    def say_again(self) -> None:
        """Somebody is there who has heard nothing yet."""
        self._said_state = ""


class Recorder:
    """All tapings of the relay, and what comes back from the vault."""

    def __init__(self, vault: Vault | None = None) -> None:
        self.vault = vault
        self.parts = self.bytes = 0  # on disk, for the metrics
        self.refused = 0  # parts the queue had no place for
        self.lost = 0  # parts the disk did not take
        self._rooms: dict[str, Taping] = {}
        self._ending: list[Taping] = []
        self._second_at = 0.0
        self._failed_at = -_TELLING_SECONDS

    def apply(self, room: str, wish: RecordingWish | None, asked_at: float | None, now: float) -> None:
        """A newer document of a room; `asked_at` as in Taping."""
        taping = self._rooms.get(room)
        if taping is not None and wish is not None and wish.recording != taping.recording:
            self.close_room(room, now)
            taping = None
        if taping is None:
            if wish is None:
                return
            taping = self._rooms[room] = Taping(room, wish.recording, self.vault)
        taping.apply(wish, asked_at, now)

    def renew(self, room: Room, wish: RecordingWish | None, asked_at: float | None, now: float) -> None:
        """The document that a room has already, again."""
        taping = self._rooms.get(room.id)
        if taping is not None:
            taping.renew(wish, asked_at, now)
            taping.settle(room, now)

    def settle(self, room: Room, now: float) -> None:
        """Seats, connections or tracks of a room have changed."""
        taping = self._rooms.get(room.id)
        if taping is not None:
            taping.settle(room, now)

    def close_room(self, room: str, now: float) -> None:
        taping = self._rooms.pop(room, None)
        if taping is not None:
            taping.end(now)
            self._ending.append(taping)

    def tick(self, now: float) -> list[Message]:
        """Ten times a second. Returns what every web process should hear."""
        self._take_outcomes(now)
        second = now - self._second_at >= _SAYING_SECONDS
        if second:
            self._second_at = now
        news: list[Message] = []
        for taping in (*self._rooms.values(), *self._ending):
            try:
                taping.tick(now, second)
                if (message := taping.news(now)) is not None:
                    news.append(message)
            except Exception:  # noqa: BLE001 - one room must not stop the clock of the others
                taping.drop()  # without a clock its lease would not end either
                self._failed(now)
            self.refused += taping.refused
            taping.refused = 0
        self._ending = [taping for taping in self._ending if not taping.is_over]
        return news

    def _failed(self, now: float) -> None:
        if now - self._failed_at > _TELLING_SECONDS:
            self._failed_at = now
            logger.exception("the recording of a room failed")

    def say_again(self) -> None:
        for taping in self._rooms.values():
            taping.say_again()

    def states(self, now: float) -> list[str]:
        """Of each room that is wanted recorded."""
        return [taping.state(now) for taping in self._rooms.values() if taping.wish is not None]

    def stop(self, now: float) -> None:
        """Nothing more is written but what has come already."""
        for room in list(self._rooms):
            self.close_room(room, now)

    async def close(self, seconds: float, now: float) -> list[Message]:
        """Wait for the disk; then the last news. Idempotent."""
        self.stop(now)
        if self.vault is not None:
            await self.vault.close(seconds)
        return self.tick(now)

    def _take_outcomes(self, now: float) -> None:
        if self.vault is None:
            return
        for tape, outcome in self.vault.outcomes():
            self.parts += outcome.result == "synced"
            self.bytes += outcome.size
            self.lost += outcome.result in ("full", "failing")
            tape.came_back(outcome, self.vault.wall.micros(outcome.at), now)
