"""A recording that was stopped, with all that a relay wrote of it, and what it must have become. Holds no test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages

from recordings import keystore, services
from recordings.models import MediaFile, Recording, Stream
from recordings.parts import Binding, folder_of
from recordings.sealed import SealedFile, SealedReader, block_name
from tests import factories as make
from tests.recorded import Relay, Sender, person


@pytest.fixture(autouse=True)
def places(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Incoming parts, sealed files and keys of this test alone."""
    settings.RECORDINGS_DIR, settings.RECORDING_KEYS_DIR = tmp_path, tmp_path / "keys"
    backend = django_settings.STORAGES["recordings"]["BACKEND"]
    settings.STORAGES = {
        **django_settings.STORAGES,
        "recordings": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "files"}},
    }
    yield tmp_path
    storages._storages.clear()


def stopped(seconds: int = 3) -> Recording:
    """A visit's recording of two people, stopped, with everything a relay wrote of it."""
    visit = make.make_recordable_visit()
    make.answer_recording(visit, make.patient_actor(visit.appointment))
    recording = make.start_recording(visit)
    for number, stream in enumerate(recording.streams.order_by("pk")):
        voice, camera = Sender("audio", 10 + number), Sender("camera", 20 + number)
        last = Relay(binding_of(stream)).write(person(seconds, voice=voice, camera=camera, begin=number * 1_000_000))
        Stream.objects.filter(pk=stream.pk).update(last_number=last, closed=True)
    services.stop_recording(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    recording.refresh_from_db()
    return recording


def binding_of(stream: Stream) -> Binding:
    clinic, recording = stream.recording.organization.uuid, stream.recording.uuid
    keys = keystore.mac(clinic, recording), keystore.stream_identity(clinic, stream.uuid)
    return Binding(recording, stream.uuid, *keys)


def packets_of(file: MediaFile) -> int:
    sealed = SealedFile(file.stream.recording.uuid, file.uuid, file.size, file.blocks, file.block_size)
    reader = SealedReader(sealed, binding_of(file.stream).identity)
    with av.open(reader.as_file(), format="matroska") as container:
        return sum(1 for packet in container.demux() if packet.size)


def blocks(places: Path) -> set[str]:
    return {str(path.relative_to(places / "files")) for path in (places / "files").rglob("*.age")}


def expected_blocks() -> set[str]:
    return {
        block_name(file.stream.recording.uuid, file.uuid, block)
        for file in MediaFile.objects.all()
        for block in range(file.blocks)
    }


def check_whole(recording: Recording, places: Path, people: int = 2) -> None:
    """Ready, everybody's file with every packet, no part and no stray block left."""
    recording.refresh_from_db()
    assert (recording.status, recording.percent, recording.problem) == ("ready", 100, "")
    files = list(MediaFile.objects.filter(stream__recording=recording).order_by("pk"))
    assert [packets_of(file) for file in files] == [3 * 75] * people
    assert blocks(places) == expected_blocks()
    assert not folder_of(recording.uuid).exists()
