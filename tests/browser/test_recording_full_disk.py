"""The disk of recordings fills up in a visit: people are told, the visit goes on, what was written plays."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.browser import clinic as clinics
from tests.browser import recorded
from tests.browser.clapper import clapper
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch, running
from tests.browser.frames import now_ms
from tests.browser.house import House
from tests.browser.people import ChromiumTab, meet, wait_for_media
from tests.browser.playback import ask_to_record, sees_the_light, stop_recording
from tests.browser.size import LONG

pytestmark = pytest.mark.alone
DISK_MIB = 20
LEFT_KIB = 600  # a few seconds of two small pictures
TOLD_WITHIN_S = 5.0 if LONG else 20.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """Its relay writes to a small disk of its own, which is there inside the house's mount namespace only."""
    folder = tmp_path_factory.mktemp("full")
    incoming = folder / "recordings" / "incoming"
    incoming.mkdir(parents=True, mode=0o700)
    (folder / "recordings").chmod(0o700)
    mount = f"mount -t tmpfs -o size={DISK_MIB}m,mode=0700 tmpfs {incoming}"
    inside = ["unshare", "-m" if os.geteuid() == 0 else "-Urm", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    house = House(folder, inside=inside, SECRET_KEY=settings.SECRET_KEY, **recorded.where_it_records(folder))
    with running(house, django_db_blocker):
        yield house


@pytest.fixture
def incoming(house: House) -> Path:
    """The small disk, as it is seen from outside."""
    relay = house.child("relay")
    disk = Path(f"/proc/{relay.pid}/root{house.var}/recordings/incoming")
    size = os.statvfs(disk).f_blocks * os.statvfs(disk).f_frsize
    assert size == DISK_MIB << 20, "needs the right to mount a tmpfs: root, or user namespaces (unshare -Urm)"
    return disk


@pytest.fixture
def visit(house: House, make: Make) -> Iterator[Visit]:
    with recorded.its_recordings(house):
        visit = make(clinics.new_visit, house.base_url)
        make(recorded.clinic_records, visit.encounter.pk)
        yield visit


def _tab(person: OpenContext, session: Any = None) -> ChromiumTab:
    context = person(session) if session else person()
    context.add_init_script(f"({clapper(320, 180)})()")
    return ChromiumTab(context.new_page())


def test_full_disk_people_are_told_the_visit_goes_on_and_what_was_written_plays(
    incoming: Path, visit: Visit, person: OpenContext, make: Make, watch: Watch
) -> None:
    watch.allow("409")
    doctor, patient = _tab(person, visit.doctor), _tab(person)
    meet(patient, doctor, visit.link, visit.board)
    ask_to_record(doctor)
    for tab in (doctor, patient):
        sees_the_light(tab)
    _fill(incoming)
    for tab in (doctor, patient):
        sees_the_light(tab, on=False)
    told_at = now_ms() / 1000
    newest = max(part.stat().st_mtime for part in incoming.rglob("*.age"))
    assert told_at - newest <= TOLD_WITHIN_S
    for tab in (doctor, patient):
        wait_for_media(tab)
    stop_recording(doctor)
    recording = make(recorded.wait_for_status, visit.encounter.pk, "ready", "failed")
    assert recording.status == "ready"
    for claps in make(recorded.claps_of, recording):
        assert len(claps.pictures) > 20
        assert len(claps.beeps) > 1


def _fill(disk: Path) -> None:
    """Somebody else's bytes, so that it takes seconds and not minutes."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    assert free > LEFT_KIB << 10
    (disk / "ballast").write_bytes(bytes(free - (LEFT_KIB << 10)))
