"""What one seat is offered: sections, one offer in flight, what its answers agreed to. Pure; text is `sdp.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from relay.answer import Answer, AnswerSection
from relay.errors import RelayError
from relay.sdp import SectionText
from relay.sources import ALL, CODECS, MEDIA_OF, SOURCES, Media, Source


class TrackRef(NamedTuple):
    """A track of some seat, as others know it. A new SSRC is a new track."""

    seat: str
    source: str
    ssrc: int


@dataclass(slots=True)
class Slot:
    """A section going down, with its place in the offer for good. Free once an answer has seen it inactive."""

    mid: str
    media: Media
    track: TrackRef | None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What an offer says, before it is text."""

    number: int
    sections: tuple[SectionText, ...]
    up: dict[str, str]
    down: tuple[tuple[str, TrackRef], ...]
    restart: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the seat's last answer allows: SSRC by source name going up, tracks going down."""

    up: dict[str, int]
    down: frozenset[TrackRef]
    nack: frozenset[str] = frozenset()  # the sources of which it sends again what it is asked for


class Negotiation:
    def __init__(self, may: frozenset[str] = ALL, sources: tuple[Source, ...] = SOURCES) -> None:
        self._sources = sources
        self._may = may
        self._slots: list[Slot] = []
        self._wished: tuple[TrackRef, ...] = ()
        self._number = 0
        self._dirty = True
        self._restart = False
        self.open: Plan | None = None

    @property
    def sections(self) -> int:
        return len(self._sources) + len(self._slots)

    def wish(self, tracks: Iterable[TrackRef]) -> None:
        """The tracks the seat should get. Takes effect with the next offer."""
        wished = tuple(tracks)
        if wished != self._wished:
            self._wished = wished
            self._dirty = True

    def allow(self, may: frozenset[str]) -> None:
        """What the seat may send. A section it may not use is offered inactive, so a share begins with a new offer."""
        if may != self._may:
            self._may = may
            self._dirty = True

    def restart(self) -> None:
        """The next offer comes with new ICE credentials."""
        self._restart = True
        self._dirty = True

    def next_offer(self) -> Plan | None:
        """A new offer, if one is due and none is in flight."""
        if self.open is not None or not self._dirty:
            return None
        self._assign()
        self._number += 1
        self.open = Plan(
            number=self._number,
            sections=self._sections(),
            up={source.name: str(index) for index, source in enumerate(self._sources)},
            down=tuple((slot.mid, slot.track) for slot in self._slots if slot.track is not None),
            restart=self._restart,
        )
        self._dirty = self._restart = False
        return self.open

    def accept(self, number: int, answer: Answer) -> Agreed:
        """Match the answer to the offer in flight; RelayError leaves everything as it was."""
        if self.open is None or number != self.open.number:
            raise RelayError("This answer is not to the open offer.", "stale_offer")
        by_place = self._match(answer)
        ups = len(self._sources)
        up = self._up(self.open.sections[:ups], by_place[:ups])
        agreed = set()
        for slot, section in zip(self._slots, by_place[ups:], strict=True):
            if slot.track is not None and section.receives:
                agreed.add(slot.track)
            slot.free = slot.track is None
        self.open = None
        own = zip(self._sources, by_place[:ups], strict=True)
        nack = frozenset(source.name for source, section in own if section.nack)
        return Agreed(up, frozenset(agreed), nack)

    def _assign(self) -> None:
        wished = set(self._wished)
        for slot in self._slots:
            if slot.track is not None and slot.track not in wished:
                slot.track = None
        placed = {slot.track for slot in self._slots}
        for track in self._wished:
            if track in placed:
                continue
            slot = self._free_slot(MEDIA_OF[track.source])
            slot.track = track
            slot.free = False

    def _free_slot(self, media: Media) -> Slot:
        """An inactive section to use again; a new one only when there is none."""
        for slot in self._slots:
            if slot.free and slot.media == media:
                return slot
        slot = Slot(str(self.sections), media, None)
        self._slots.append(slot)
        return slot

    def _sections(self) -> tuple[SectionText, ...]:
        ups = (
            SectionText(str(index), source.media, "recvonly" if source.name in self._may else "inactive")
            for index, source in enumerate(self._sources)
        )
        return (*ups, *(_text(slot) for slot in self._slots))

    def _match(self, answer: Answer) -> tuple[AnswerSection, ...]:
        offered = self.open.sections if self.open is not None else ()
        found = answer.sections
        if len(found) != len(offered) or any(
            a.mid != o.mid or a.media != o.media for a, o in zip(found, offered, strict=True)
        ):
            raise RelayError("The answer's sections are not the offer's.", "bad_sdp")
        return found

    def _up(self, offered: tuple[SectionText, ...], sections: tuple[AnswerSection, ...]) -> dict[str, int]:
        up: dict[str, int] = {}
        for source, asked, section in zip(self._sources, offered, sections, strict=True):
            if not section.sends or asked.direction == "inactive":
                continue
            if CODECS[source.media].payload_type not in section.payload_types:
                raise RelayError("The answer does not take the offered codec.", "bad_sdp")
            if len(section.ssrcs) != 1:
                raise RelayError("A section that sends must name one SSRC.", "bad_sdp")
            up[source.name] = section.ssrcs[0]
        if len(set(up.values())) != len(up):
            raise RelayError("The answer uses one SSRC twice.", "ssrc_in_use")
        return up


def _text(slot: Slot) -> SectionText:
    if slot.track is None:
        return SectionText(slot.mid, slot.media, "inactive")
    track = slot.track
    return SectionText(slot.mid, slot.media, "sendonly", f"{track.seat} {track.source}", track.ssrc)
