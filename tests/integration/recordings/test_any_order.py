"""Whatever people press in whatever order: no relay is ever told to write somebody who has not agreed."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Value
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.actors import Actor
from consent import ports as consent_ports
from consent.services import answer_in_visit
from consults import ports, rooms, services
from consults.models import Encounter, Seat
from consults.services.rows import locked_visit, store_change
from core.clock import now
from core.errors import HousecallError
from core.ids import new_uuid
from recordings import keystore, permission
from recordings import services as recordings
from recordings.models import Recording, Stream
from recordings.selectors import document
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LONG = os.environ.get("HOUSECALL_LONG") == "1"
PEOPLE = ("doctor", "patient", "daughter", "interpreter")
WHO = st.sampled_from(PEOPLE)
OPEN = ("requested", "waiting", "recording", "paused")


class Visit(RuleBasedStateMachine):
    """A visit in progress in which nobody sits and nobody was asked. What should be is worked out from the presses."""

    only_safety = False

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.visit = make.make_recordable_visit()
        Seat.objects.filter(encounter=self.visit).delete()
        clinic = self.visit.organization
        self.actors: dict[str, Actor] = {
            "doctor": make.practitioner_actor(self.visit.practitioner),
            "patient": make.patient_actor(self.visit.appointment),
            # People of whom this house knows more later on: here the services' own ports stand for their pages.
            "daughter": make.practitioner_actor(make.make_practitioner(clinic)),
            "interpreter": make.practitioner_actor(make.make_practitioner(clinic)),
        }
        self.agreed: set[str] = set()
        self.seated: set[str] = set()
        self.is_open = False
        self.over = False
        self.last: tuple[int, Any] = (0, None)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    # --- what people press ---

    @rule(who=WHO)
    def join(self, who: str) -> None:
        actor = self.actors[who]
        if who in ("doctor", "patient"):
            done = self._try(lambda: services.take_seat(actor=actor, encounter=self.visit, holder=new_uuid()))
            assert done != self.over
        elif not self.over:
            self._change_seat(actor, left=False)
        if not self.over:
            self.seated.add(who)

    @rule(who=WHO)
    def leave(self, who: str) -> None:
        actor = self.actors[who]
        if who in ("doctor", "patient"):
            services.leave_call(actor=actor, encounter=self.visit)
        elif not self.over:
            self._change_seat(actor, left=True)
        self.seated.discard(who)

    @rule(who=WHO, decision=st.sampled_from(["permit", "permit", "deny"]))
    def answer(self, who: str, decision: str) -> None:
        actor = self.actors[who]
        if who in ("doctor", "patient"):
            done = self._try(lambda: make.answer_recording(self.visit, actor, decision))
            assert done != (self.over and decision == "permit")
        else:
            done = self._try(
                lambda: answer_in_visit(
                    actor=actor,
                    patient=self.visit.patient,
                    purpose="recording",
                    decision=decision,
                    text_version=make.recording_words(self.visit),
                    about=self.visit.uuid,
                )
            )
        if done:
            (self.agreed.add if decision == "permit" else self.agreed.discard)(who)

    @rule()
    def start(self) -> None:
        if self._try(lambda: make.start_recording(self.visit)):
            self.is_open = True
            self.agreed.add("doctor")

    @rule()
    def stop(self) -> None:
        self._try(lambda: recordings.stop_recording(actor=self.actors["doctor"], encounter=self.visit))
        self.is_open = False

    @rule()
    def relay_writes(self) -> None:
        recording = Recording.objects.filter(encounter=self.visit).order_by("-pk").first()
        if recording is not None:
            recordings.hear_relay(self.visit.uuid, make.relay_says(recording))

    @rule(who=WHO)
    def erase(self, who: str) -> None:
        """The own part, after a no: the key is gone, and a later yes needs another."""
        actor = self.actors[who]
        if who not in self.agreed:
            mine = Stream.objects.filter(recording__encounter=self.visit, person_type=actor.type, person_id=actor.id)
            for stream in mine.filter(erased_at=None):
                keystore.destroy(self.visit.organization.uuid, stream.uuid)
            mine.filter(erased_at=None).update(erased_at=now(), recipient="")

    @rule()
    def watch(self) -> None:
        recordings.watch_recordings()

    @rule(really=st.integers(0, 5))
    def finish(self, really: int) -> None:
        if really == 5:
            services.finish_visit(actor=self.actors["doctor"], encounter=self.visit)
            self.over, self.is_open, self.seated = True, False, set()

    # --- what must be so after each press ---

    @invariant()
    def nobody_is_written_who_has_not_agreed(self) -> None:
        found = rooms.rooms_of([self.visit.uuid])[0]
        alone = rooms.room_document(Encounter.objects.select_related("appointment").get(pk=self.visit.pk))
        assert found.document == alone
        part = found.document["recording"]
        written = set(part["people"]) if part else set()
        seats = {who: self._seat(who) for who in PEOPLE}
        names = {who for who, seat in seats.items() if seat and str(seat.uuid) in written}
        assert len(names) == len(written)
        assert names <= (self.agreed & self.seated), f"{names} are written, {self.agreed} have agreed"
        assert not names or (self.is_open and "doctor" in names and len(names) > 1)
        if self.only_safety:
            return
        may = self.agreed & self.seated
        assert names == (may if self.is_open and "doctor" in may and len(may) > 1 else set())
        version, former = found.version, self.last
        assert version >= former[0]
        assert part == former[1] or version > former[0], "a change that the relay would ignore"
        self.last = (version, part)

    @invariant()
    def one_recording_is_open_at_most(self) -> None:
        standing = Recording.objects.filter(encounter=self.visit, status__in=OPEN)
        assert standing.count() == self.is_open
        assert not Stream.objects.filter(ended_at=None).exclude(recording__in=standing).exists()

    # --- helpers ---

    def _try(self, act: Callable[[], Any]) -> bool:
        refusal = None
        try:
            with transaction.atomic():
                act()
        except HousecallError as error:
            refusal = error
        assert refusal is None or refusal.status in {404, 409, 422}
        people = ("appointment", "organization", "patient", "practitioner", "queue")
        self.visit = Encounter.objects.select_related(*people).get(pk=self.visit.pk)
        return refusal is None

    def _seat(self, who: str) -> Seat | None:
        actor = self.actors[who]
        return Seat.objects.filter(encounter=self.visit, actor_type=actor.type, actor_id=actor.id).first()

    def _change_seat(self, actor: Actor, *, left: bool) -> None:
        encounter = locked_visit(self.visit)
        row = {"label": actor.label, "role": "guest"}
        Seat.objects.get_or_create(encounter=encounter, actor_type=actor.type, actor_id=actor.id, defaults=row)
        mine = Seat.objects.filter(encounter=encounter, actor_type=actor.type, actor_id=actor.id)
        mine.update(left_at=now() if left else None)
        store_change(encounter)
        ports.tell_seats_changed(actor, encounter)


class Unheard(Visit):
    """Some guard is off: then who may be written comes late, but a no must hold all the same."""

    only_safety = True

    @invariant()
    def one_recording_is_open_at_most(self) -> None:
        """Not of interest here."""


def check_orders(machine: type[Visit], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def without_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent_ports, "_answered", [])


def without_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "newest_decision", lambda purpose, **paths: Value("permit"))


def without_rule_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def everybody(seats: Any, decisions: Any) -> dict[Any, Any]:
        found = {permission.person_of(seat): seat for seat in seats if seat.left_at is None}
        return {person: seat for person, seat in found.items() if decisions.get(person) == "permit"}

    monkeypatch.setattr(document, "who_may_be_recorded", everybody)


def test_any_order_of_presses_permits_exactly_who_has_agreed() -> None:
    check_orders(Visit, 1_000 if LONG else 12)


@pytest.mark.parametrize("off", [without_listener, without_ledger])
def test_either_of_the_two_guards_alone_still_holds_a_no(off: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    off(monkeypatch)
    check_orders(Unheard, 200 if LONG else 6)


def test_no_after_a_start_with_both_guards_off_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    presses = [("join", "doctor"), ("join", "patient"), ("permit", "patient"), ("start", ""), ("deny", "patient")]
    replay(presses)
    without_listener(monkeypatch)
    replay(presses)
    without_ledger(monkeypatch)
    with pytest.raises(AssertionError, match="are written"):
        replay(presses)


def test_doctor_alone_without_the_rule_of_two_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    presses = [("join", "doctor"), ("join", "patient"), ("start", "")]
    replay(presses)
    without_rule_of_two(monkeypatch)
    with pytest.raises(AssertionError):
        replay(presses)


def replay(presses: list[tuple[str, str]]) -> None:
    """The machine by hand: these presses, and after each what must be so."""
    machine = Unheard()
    try:
        for press, who in presses:
            if press == "start":
                machine.start()
            elif press == "join":
                machine.join(who)
            else:
                machine.answer(who, press)
            machine.nobody_is_written_who_has_not_agreed()
    finally:
        machine.teardown()
