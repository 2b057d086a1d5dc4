"""Three people in a visit, one of whom says no: what is written, what is not, what stops it, what a browser plays."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import clinic as clinics
from tests.browser import recorded
from tests.browser.clapper import clapper
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, Watch, running_house, watched
from tests.browser.frames import now_ms
from tests.browser.house import House
from tests.browser.people import ChromiumTab, call_in, come_along, go_in, has_read, state_is, write
from tests.browser.playback import ask_to_record, plays, sees_the_light, stop_recording, withdraw

pytestmark = pytest.mark.alone
CANARIES = ("Rosalind", "Fern", "Marlow", "Quinceblossom", "Tindarique")
PLAIN_MEDIA = (b"\x1a\x45\xdf\xa3", b"OpusHead", b"matroska", b"V_VP8", b"A_OPUS", b"webm")
LEASE = 5.0
SSRCS = """(async () => [...(await window.keptConnections.at(-1).getStats()).values()]
  .filter((stat) => stat.type === 'outbound-rtp').map((stat) => stat.ssrc))()"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """It records."""
    folder = tmp_path_factory.mktemp("recorded")
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


@pytest.fixture
def tab_of(house: House, new_context: Callable[..., Any], watch: Watch) -> Callable[..., ChromiumTab]:
    """Another person's Chromium, with a clapper; give the visit to be its doctor."""

    def open_tab(visit: Visit | None = None) -> ChromiumTab:
        context = watched(new_context(base_url=house.base_url), watch)
        context.add_init_script(f"({clapper(320, 180)})()")
        if visit is not None:
            context.add_cookies([{"name": visit.doctor.name, "value": visit.doctor.value, "url": house.base_url}])
        return ChromiumTab(context.new_page())

    return open_tab


def test_recording_holds_the_two_who_agreed_stops_with_a_no_and_plays(
    house: House, folder: Path, visit: Visit, tab_of: Callable[..., ChromiumTab], make: Make
) -> None:
    doctor, patient, guest = tab_of(visit), tab_of(), tab_of()
    _three_in_the_call(doctor, patient, guest, visit, make)
    ask_to_record(doctor)
    for tab in (doctor, patient, guest):
        sees_the_light(tab)
    write(doctor, "Tindarique twice a day")
    has_read(guest, "Tindarique twice a day")
    recording = make(recorded.newest, visit.encounter.pk)
    _until_written(doctor, 3.0)

    people = make(recorded.people_in, recording, folder)
    assert sorted(person.type for person in people) == ["patient", "user"]
    assert not set(guest.evaluate(SSRCS)) & set().union(*(person.ssrcs for person in people))
    slices = [piece for person in people for piece in person.slices(30)]

    _web_is_away(house, doctor, recording, folder, make)
    withdraw(patient)
    sees_the_light(patient, on=False)
    told_at = now_ms()
    _until_written(doctor, 3.0)
    for person in make(recorded.people_in, recording, folder):
        assert person.last_arrival < told_at / 1000 + 1.0

    _no_plain_word_or_picture(folder, slices)
    stop_recording(doctor)
    recording = make(recorded.wait_for_status, visit.encounter.pk, "ready", "failed")
    assert recording.status == "ready"
    _no_plain_word_or_picture(folder, slices)
    claps = make(recorded.claps_of, recording)
    assert [len(each.pictures) > 30 and len(each.beeps) > 2 for each in claps] == [True, True]
    player = ChromiumTab(doctor.page.context.new_page())
    plays(player, f"/staff/recordings/{recording.uuid}/", 2)
    _names_the_holes(player)


def _three_in_the_call(doctor: ChromiumTab, patient: ChromiumTab, guest: ChromiumTab, visit: Visit, make: Make) -> None:
    go_in(patient, visit.link)
    come_along(guest, make(clinics.invite, visit, "Quinceblossom"), "deny")
    call_in(doctor, visit.board)
    for tab in (patient, guest):
        state_is(tab, "call")


def _until_written(tab: ChromiumTab, seconds: float) -> None:
    """So long that what is said until now is on the disk, and what comes after a no would be seen there."""
    tab.wait_for(f"Date.now() > {now_ms() + 1000 * seconds}")


def _web_is_away(house: House, doctor: ChromiumTab, recording: Any, folder: Path, make: Make) -> None:
    """Nobody renews the lease: the relay stops by itself, marks the hole, and goes on when the web is back."""
    web = house.child("telehealth.serve")
    web.send_signal(signal.SIGSTOP)
    # Until here it may have renewed the lease.
    stopped_at = now_ms()
    try:
        _until_written(doctor, LEASE + 2.0)
        for person in make(recorded.people_in, recording, folder):
            assert person.last_arrival < stopped_at / 1000 + LEASE + 0.2
    finally:
        web.send_signal(signal.SIGCONT)
    sees_the_light(doctor)

    def marked() -> bool:
        return all(person.gaps("lease") for person in recorded.people_in(recording, folder))

    assert make(recorded.wait, marked, lambda: "the hole is not marked")


def _names_the_holes(player: ChromiumTab) -> None:
    """What the relay marked while nobody renewed the lease stands in words, with a button that leads there."""
    player.click("[data-gaps-title]")
    hole = "[...document.querySelectorAll('[data-gaps-list] li')].find((one) => one.textContent.includes('was paused'))"
    player.wait_for(f"{hole} && ({hole}.querySelector('button').click(), true)")
    player.wait_for("document.querySelector('[data-tiles]').innerText.includes('Recording was paused')")


def _no_plain_word_or_picture(folder: Path, slices: list[bytes]) -> None:
    """In no file below the recordings' folder, and nobody else may read one."""
    wanted = [*(word.encode() for word in CANARIES), *PLAIN_MEDIA, *slices]
    assert len(slices) > 30
    modes: dict[str, set[int]] = {"file": set(), "folder": set()}
    # What was put together is removed while we look: os.walk passes over a folder that has gone, and so do we a file.
    for place, _, names in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in names)):
            with contextlib.suppress(FileNotFoundError):
                modes["folder" if path.is_dir() else "file"].add(path.stat().st_mode & 0o777)
                data = b"" if path.is_dir() else path.read_bytes()
                assert [word for word in wanted if word in data] == [], path
                assert not [word for word in CANARIES if word in str(path.relative_to(folder))]
    assert modes == {"file": {0o600}, "folder": {0o700}}
