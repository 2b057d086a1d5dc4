"""Whatever people answer and press in whatever order: no byte on the disk of anybody who has not agreed.

Services and database decide, a real relay writes, and the parts on the disk are opened. Who may be recorded is worked
out here once more, from what was pressed alone.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actors import Actor
from consent.selectors import current_text
from consults import rooms
from consults import services as consults
from consults.models import Encounter
from core.errors import HousecallError
from recordings import keystore, services
from recordings.models import Recording, Stream
from tests import factories as make
from tests.recording.parts import opened
from tests.recording.taped import TapedRoom, taped_room

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ORDERS = 1000 if os.environ.get("HOUSECALL_LONG") else 25
PEOPLE = ("doctor", "patient", "guest")
PRESSES = st.one_of(
    st.tuples(st.sampled_from(["join", "leave", "permit", "deny"]), st.sampled_from(PEOPLE)),
    st.tuples(st.sampled_from(["start", "stop"]), st.just("doctor")),
)
# Without the beginning most orders would record nothing at all.
BEGUN = [("join", "doctor"), ("join", "patient"), ("start", "doctor"), ("permit", "patient")]
ORDER = st.one_of(
    st.lists(PRESSES, min_size=1, max_size=14),
    st.lists(PRESSES, min_size=1, max_size=12).map(lambda presses: BEGUN + presses),
)


@dataclass
class Rules:
    """Who may be recorded, by what was pressed alone."""

    there: set[str] = field(default_factory=set)
    agreed: set[str] = field(default_factory=set)
    wanted: bool = False

    def heard(self, act: str, who: str) -> None:
        """A press that was taken."""
        if act in ("join", "leave"):
            (self.there.add if act == "join" else self.there.discard)(who)
        elif act in ("permit", "deny"):
            (self.agreed.add if act == "permit" else self.agreed.discard)(who)
        else:
            self.wanted = act == "start"
            if self.wanted:
                self.agreed.add(who)

    def may_be_recorded(self) -> set[str]:
        willing = self.there & self.agreed
        return willing if self.wanted and "doctor" in willing and len(willing) > 1 else set()


class Clinic:
    """One visit of three people, by the services."""

    def __init__(self) -> None:
        self.visit = make.make_visit_in_progress()
        self.organization = self.visit.organization
        keystore.create_clinic_key(self.organization.uuid)
        self.actors = {
            "doctor": make.practitioner_actor(self.visit.practitioner),
            "patient": make.patient_actor(self.visit.appointment),
            "guest": make.guest_actor(make.make_guest(self.visit.appointment)),
        }
        self.names = {(actor.type, actor.id): name for name, actor in self.actors.items()}
        self.text = current_text(self.organization, "recording").version
        for name in ("doctor", "patient"):
            self.press("leave", name)

    def press(self, act: str, who: str) -> bool:
        """Whether it was taken."""
        actor, visit = self.actors[who], self.visit
        acts = {
            "join": lambda: consults.take_seat(actor=actor, encounter=visit, holder=uuid.uuid4()),
            "leave": lambda: consults.leave_call(actor=actor, encounter=visit),
            "permit": lambda: self._answer(actor, "permit"),
            "deny": lambda: self._answer(actor, "deny"),
            "start": lambda: services.start_recording(actor=actor, encounter=visit, text_version=self.text),
            "stop": lambda: services.stop_recording(actor=actor, encounter=visit),
        }
        try:
            with transaction.atomic():
                acts[act]()
        except HousecallError:
            return False
        finally:
            self.visit = Encounter.objects.select_related(
                "organization", "appointment", "queue", "patient", "practitioner"
            ).get(pk=visit.pk)
        return True

    def _answer(self, actor: Actor, decision: str) -> None:
        services.answer_recording(actor=actor, encounter=self.visit, decision=decision, text_version=self.text)

    def document(self) -> dict[str, Any]:
        return rooms.rooms_of([self.visit.uuid])[0].document

    def seat(self, who: str) -> str:
        actor = self.actors[who]
        return str(self.visit.seats.get(actor_type=actor.type, actor_id=actor.id).uuid)

    def on_disk(self, folder: Path) -> dict[str, bytes]:
        """Everything that was written of each person, opened."""
        found = dict.fromkeys(self.actors, b"")
        for recording in Recording.objects.filter(encounter=self.visit):
            for stream in Stream.objects.filter(recording=recording):
                place = folder / str(recording.uuid) / str(stream.uuid)
                identity = keystore.stream_identity(self.organization.uuid, stream.uuid)
                mac = keystore.mac(self.organization.uuid, recording.uuid)
                parts = [opened(path.read_bytes(), identity, mac) for path in sorted(place.glob("*.age"))]
                data = b"".join(record.data for part in parts for record in part.records)
                found[self.names[stream.person_type, stream.person_id]] += data
        return found


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.RECORDINGS_DIR = tmp_path / "recordings"
    settings.RECORDING_KEYS_DIR = tmp_path / "recording-keys"
    return tmp_path / "recordings" / "incoming"


@pytest.fixture
def room(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TapedRoom]:
    with taped_room(tmp_path_factory.mktemp("relay"), folder) as room:
        yield room


@settings(max_examples=ORDERS, deadline=None, suppress_health_check=list(HealthCheck))
@given(order=ORDER)
def test_any_order_of_presses_writes_nobody_who_has_not_agreed(
    folder: Path, room: TapedRoom, order: list[tuple[str, str]]
) -> None:
    with transaction.atomic():
        clinic = Clinic()
        wanted, unwanted = _play(clinic, room, order)
        room.tell({**clinic.document(), "version": clinic.visit.room_version + 1, "recording": None})
        room.written()
        on_disk = clinic.on_disk(folder)
        transaction.set_rollback(True)
    for who, data in on_disk.items():
        assert [mark for mark in unwanted if mark[0] == who and _bytes(mark) in data] == []
        assert [mark for mark in wanted if mark[0] == who and _bytes(mark) not in data] == []


Mark = tuple[str, int]


def _bytes(mark: Mark) -> bytes:
    return f"<{mark[0]} {mark[1]}>".encode()


def _play(clinic: Clinic, room: TapedRoom, order: list[tuple[str, str]]) -> tuple[list[Mark], list[Mark]]:
    """Press one after the other; after each everybody speaks. What may be on the disk, and what may not."""
    rules = Rules()
    wanted: list[Mark] = []
    unwanted: list[Mark] = []
    for step, (act, who) in enumerate(order):
        taken = clinic.press(act, who)
        if taken:
            rules.heard(act, who)
        room.tell(clinic.document())
        if act == "join" and taken and who not in room.seats:
            room.connect(who, str(clinic.visit.uuid), clinic.seat(who))
        if act == "leave" and who in room.seats:
            room.disconnect(who)
        room.speak(str(step))
        for name in room.seats:
            (wanted if name in rules.may_be_recorded() else unwanted).append((name, step))
    for name in list(room.seats):
        room.disconnect(name)
    return wanted, unwanted
