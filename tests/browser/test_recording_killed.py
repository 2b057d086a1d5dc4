"""The relay is killed while it records: what was recorded plays, in Chromium and by PyAV, and people stay in step."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import clinic as clinics
from tests.browser import recorded
from tests.browser.clapper import clapper
from tests.browser.claps import Claps, from_moment, percentile
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, running_house
from tests.browser.frames import now_ms
from tests.browser.house import House
from tests.browser.people import ChromiumTab, Tab, meet
from tests.browser.playback import ask_to_record, plays, sees_the_light, stop_recording
from tests.browser.size import LONG

pytestmark = pytest.mark.alone
KILLS = 20 if LONG else 1
AT_LEAST_MS, AT_MOST_MS = (10_000, 14_000) if LONG else (5_000, 6_000)
# A machine that does other work besides writes later and paints later; out of step, or lost, is by seconds more.
MOST_LOST_MS = 2_000 if LONG else 4_000
MOST_APART = 0.060 if LONG else 0.300


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """A house of its own, since its relay is killed again and again."""
    folder = tmp_path_factory.mktemp("killed")
    with running_house(folder, django_db_blocker, **recorded.where_it_records(folder)) as house:
        yield house


@pytest.fixture
def folder(house: House) -> Iterator[Path]:
    with recorded.its_recordings(house) as folder:
        yield folder


@pytest.fixture
def visit(house: House, folder: Path, make: Make) -> Visit:
    visit = make(clinics.new_visit, house.base_url)
    make(recorded.clinic_records, visit.encounter.pk)
    return visit


def _tab(person: OpenContext, visit: Visit, of_doctor: bool) -> ChromiumTab:
    context = person(visit.doctor) if of_doctor else person()
    context.add_init_script(f"({clapper(480, 270)})()")
    return ChromiumTab(context.new_page())


def test_recording_of_a_killed_relay_loses_two_seconds_at_most_and_plays(
    house: House, visit: Visit, person: OpenContext, make: Make
) -> None:
    doctor, patient = _tab(person, visit, of_doctor=True), _tab(person, visit, of_doctor=False)
    meet(patient, doctor, visit.link, visit.board)
    for _ in range(KILLS):
        killed_at = _recorded_and_killed(house, visit, doctor, make)
        recording = make(recorded.wait_for_status, visit.encounter.pk, "ready", "failed")
        people = make(recorded.claps_of, recording)
        assert len(people) == 2, recording.status
        for claps in people:
            _lost_little(claps, killed_at)
        _are_in_step(*people)
        player = ChromiumTab(doctor.page.context.new_page())
        plays(player, f"/staff/recordings/{recording.uuid}/", 2)
        player.page.close()


def _recorded_and_killed(house: House, visit: Visit, doctor: Tab, make: Make) -> float:
    """Record, kill at a random moment, go on when the pages are back, stop. The moment, in ms since 1970."""
    ask_to_record(doctor)
    sees_the_light(doctor)
    until = now_ms() + random.uniform(AT_LEAST_MS, AT_MOST_MS)
    doctor.wait_for(f"Date.now() > {until}")
    killed_at = now_ms()
    house.kill("relay")
    sees_the_light(doctor, on=False)
    sees_the_light(doctor)
    doctor.wait_for(f"Date.now() > {now_ms() + 2_000}")
    stop_recording(doctor)
    return killed_at


def _lost_little(claps: Claps, killed_at: float) -> None:
    """The last picture before the kill, and the last beep, were not long before it."""
    drawn = [killed_at + from_moment(drawn, killed_at) for _, drawn in claps.pictures]
    last = max(at for at in drawn if at < killed_at)
    assert killed_at - last <= MOST_LOST_MS
    assert max(drawn) > killed_at, "nothing was recorded after the relay was back"


def _are_in_step(one: Claps, other: Claps) -> None:
    assert percentile(one.lags(other), 95) <= MOST_APART
    off = one.beeps_off(other)
    assert len(off) >= len(one.beeps) - 3  # at each beginning and end one may have a beep more
    assert percentile(off, 95) <= MOST_APART
