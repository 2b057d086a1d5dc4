"""What comes after recording: putting parts together, seeking in the player, exporting. Started by `bench.recording`.

Two people at 720p, written part by part as the relay writes them, from a film with real pictures and sound. Assembly
and export are the product's own jobs, run in this process; the player is its page in Chromium on a running house.
"""

import datetime as dt
import os
import random
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from bench.join import percentile
from relay.limits import SEEK_SECONDS
from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.house import House
from tests.recording.film import Film, film

LONG_MINUTES, SHORT_SECONDS, SEEKS = 10, 20, 40
QUICK_MINUTES, QUICK_SECONDS, QUICK_SEEKS = 2, 5, 10
FILM_SECONDS = int(SEEK_SECONDS)  # a key frame at its beginning, as often as the relay asks for one
PEOPLE = 2
# The time from moving the slider until every film stands at its new place and has a picture to show.
_SEEK = """(position) => new Promise((done) => {
  const slider = document.querySelector('[data-seek]');
  const films = [...document.querySelectorAll('video')];
  const began = performance.now();
  slider.value = String(position);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const look = () => {
    if (films.every((film) => !film.seeking && film.readyState >= 2)) done(performance.now() - began);
    else setTimeout(look, 4);
  };
  look();
})"""


def measure(*, quick: bool, only_assembly: bool = False) -> dict[str, float]:
    """The three numbers, or the first."""
    minutes, seconds, seeks = (
        (QUICK_MINUTES, QUICK_SECONDS, QUICK_SEEKS) if quick else (LONG_MINUTES, SHORT_SECONDS, SEEKS)
    )
    with tempfile.TemporaryDirectory(prefix="hc-bench-") as name:
        house = House(Path(name))
        _use(house)
        from tests.browser import clinic

        shown = film(FILM_SECONDS)
        visit = clinic.new_visit(house.base_url)
        long = _recorded(visit, house.var, shown, minutes * 60)
        found = {"assemble_s_per_hour": round(_assembled(long) * 60 / minutes, 1)}
        if only_assembly:
            return found
        short = _recorded(visit, house.var, shown, seconds)
        _assembled(short)
        realtime = min(_exported(short, kind, seconds) for kind in ("webm", "mp4"))
        house.start()
        try:
            times = _seeks(house, visit, long, seeks, minutes * 60_000)
        finally:
            house.stop()
    return found | {"seek_ms_p95": round(percentile(times, 95)), "export_realtime": round(realtime, 2)}


def _use(house: House) -> None:
    """This process works on the house's database, keys and files."""
    os.environ.update(house.environment, DJANGO_SETTINGS_MODULE="telehealth.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _recorded(visit: Any, var: Path, shown: Film, seconds: int) -> Any:
    """A recording that has ended, as relay and web leave it: rows, keys, parts."""
    from core.clock import now
    from recordings import keystore
    from recordings.lifecycle import RecordingStatus
    from recordings.models import Recording, Stream
    from tests.recording import parts

    clinic = visit.encounter.organization
    keystore.create_clinic_key(clinic.uuid)
    began_at = now() - dt.timedelta(seconds=seconds)
    recording = Recording.objects.create(
        organization=clinic, encounter=visit.encounter, status=RecordingStatus.FINISHING, requested_at=began_at,
        requested_by_type="user", requested_by_id=None, requested_by_label="bench", began_at=began_at, ended_at=now(),
    )  # fmt: skip
    streams = []
    for number in range(PEOPLE):
        name = uuid.uuid4()
        recipient = keystore.new_stream_key(clinic.uuid, name)
        Stream.objects.create(
            uuid=name, recording=recording, seat=uuid.uuid4(), person_type="bench", person_id=number, label="Somebody",
            recipient=recipient, last_number=seconds, began_at=began_at, ended_at=now(), closed=True,
        )  # fmt: skip
        streams.append(parts.Stream(recipient, str(name)))
    mac = keystore.new_mac(clinic.uuid, recording.uuid)
    incoming = var / "recordings" / "incoming"
    parts.written(incoming, str(recording.uuid), mac, streams, shown, seconds, int(began_at.timestamp() * 1e6))
    return recording


def _assembled(recording: Any) -> float:
    """How long putting it together took, in seconds."""
    from recordings.assembly.job import assemble
    from recordings.models import MediaFile

    started_at = time.perf_counter()
    assemble(recording.uuid)
    took = time.perf_counter() - started_at
    recording.refresh_from_db()
    files = MediaFile.objects.filter(stream__recording=recording).count()
    if recording.status != "ready" or files != PEOPLE:
        raise SystemExit(f"the recording was not put together: {recording.status} {recording.problem}, {files} files")
    return took


def _exported(recording: Any, kind: str, seconds: int) -> float:
    """How many times faster than playing it the export was."""
    from accounts.actors import actor_for_user
    from recordings.exporting import make_export
    from recordings.services import exports

    actor = actor_for_user(recording.encounter.practitioner.user, None)
    export = exports.request_export(actor=actor, recording=recording, kind=kind)
    started_at = time.perf_counter()
    claimed = exports.claim_export()
    assert claimed is not None
    make_export(claimed)
    took = time.perf_counter() - started_at
    export.refresh_from_db()
    if export.status != "ready":
        raise SystemExit(f"the export to {kind} ended {export.status}")
    return seconds / took


def _seeks(house: House, visit: Any, recording: Any, count: int, length_ms: int) -> list[float]:
    """Places here and there, one after the other, as somebody drags."""
    from playwright.sync_api import sync_playwright

    from tests.browser.people import ChromiumTab

    chance = random.Random(4)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM_FLAGS))
        context = browser.new_context(base_url=house.base_url)
        context.add_cookies([{"name": visit.doctor.name, "value": visit.doctor.value, "url": house.base_url}])
        tab = ChromiumTab(context.new_page())
        tab.goto(f"/staff/recordings/{recording.uuid}/")
        tab.wait_for(f"document.querySelectorAll('video').length === {PEOPLE}")
        tab.wait_for("[...document.querySelectorAll('video')].every((film) => film.readyState >= 2)")
        times = [tab.page.evaluate(_SEEK, chance.randrange(length_ms // 1000) * 1000) for _ in range(count)]
        browser.close()
    return times
