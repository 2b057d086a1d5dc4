"""A recording on the sockets: what the relay is told, what it tells, and how soon people learn that it stands still."""

import os
import time
from typing import Any

import pytest

from recordings import keystore
from recordings.models import Recording
from signaling.fleet import RelayFleet
from tests import factories as make
from tests.integration.signaling.house import FarRelay, Page, Visit, Wire, do

LONG = os.environ.get("HOUSECALL_LONG") == "1"
pytestmark = pytest.mark.django_db(transaction=True)


async def recorded_visit(visit: Visit, app: Any, doctor: Any) -> tuple[Page, Page]:
    """Both in the call, on relay-1, in a clinic that can record; the patient said yes at the door."""
    await do(visit.begin)
    await do(keystore.create_clinic_key, visit.encounter.organization.uuid)
    await do(make.answer_recording, visit.encounter, await do(lambda: visit.patient_actor))
    patient = await visit.patient_page(app).enter()
    physician = await visit.doctor_page(app, headers=doctor).enter()
    await do(visit.place)
    return patient, physician


def recording_of(message: Wire) -> Wire:
    found: Wire = message["visit"]["recording"]
    return found


async def says(relay: FarRelay, recording: Recording, **fields: Any) -> None:
    told = await do(make.relay_says, recording)
    people = [{**person, "stream": str(person["stream"])} for person in told["people"]]
    line = {"type": "recorded", "seat": None, "connection": None, "room": str(recording.encounter.uuid)}
    body = {"recording": str(recording.uuid), "state": "recording", "free": 1, "people": people}
    await relay.say(**line, **{**body, **fields})


async def test_press_on_record_reaches_the_relay_and_its_word_the_pages(
    visit: Visit, app: Any, doctor: Any, relay: FarRelay, link: RelayFleet
) -> None:
    patient, physician = await recorded_visit(visit, app, doctor)
    recording = await do(make.start_recording, visit.encounter)
    told = await relay.hear("rooms", lambda line: any(room["recording"] for room in line["documents"]))
    [part] = [room["recording"] for room in told["documents"] if room["recording"]]
    assert part["recording"] == str(recording.uuid)
    assert len(part["people"]) == 2
    await says(relay, recording)
    for page in (patient, physician):
        shown = recording_of(await page.hear("visit", lambda message: recording_of(message)["on"]))
        assert (shown["state"], shown["agreed"], shown["of"], shown["mine"]) == ("recording", 2, 2, "permit")
    stream = await do(lambda: recording.streams.order_by("pk").first())
    assert (stream.last_number, stream.size, stream.sizes) == (10, 1000, {"one": 1000})


@pytest.mark.slow
async def test_relay_that_falls_silent_is_told_to_people(
    visit: Visit, app: Any, doctor: Any, relay: FarRelay, link: RelayFleet
) -> None:
    patient, physician = await recorded_visit(visit, app, doctor)
    recording = await do(make.start_recording, visit.encounter)
    await says(relay, recording)
    await patient.hear("visit", lambda message: recording_of(message)["on"])
    silent_since = time.monotonic()
    for page in (patient, physician):
        heard = await page.hear("visit", lambda message: recording_of(message)["problem"] == "lost")
        assert (recording_of(heard)["on"], recording_of(heard)["state"]) == (False, "paused")
    assert time.monotonic() - silent_since < (5 if LONG else 20)


@pytest.mark.parametrize("state", ["full", "failing", "lapsed", "unavailable"])
async def test_trouble_that_the_relay_tells_is_shown_at_once(
    visit: Visit, app: Any, doctor: Any, relay: FarRelay, link: RelayFleet, state: str
) -> None:
    _, physician = await recorded_visit(visit, app, doctor)
    recording = await do(make.start_recording, visit.encounter)
    await says(relay, recording)
    await physician.hear("visit", lambda message: recording_of(message)["on"])
    await says(relay, recording, state=state)
    heard = await physician.hear("visit", lambda message: not recording_of(message)["on"])
    assert recording_of(heard)["problem"] == state
    assert recording_of(heard)["until"] is not None
