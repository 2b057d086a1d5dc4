"""The recordings of a running house as this process sees them: rows, keys, parts and files. Holds no test.

Nothing here runs in playwright's thread: call it by the `make` fixture.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.test import override_settings

from consults.models import Encounter
from recordings import keystore
from recordings.models import MediaFile, Recording, Stream
from recordings.sealed import SealedFile, SealedReader
from tests.browser.claps import Claps, claps_in
from tests.browser.house import House
from tests.recording.parts import Part, opened

PATIENCE = 60.0
_LOOK_SECONDS = 0.05


@contextlib.contextmanager
def its_recordings(house: House) -> Iterator[Path]:
    """This process finds keys and files where the house has them. Yields the folder of all recordings."""
    from django.conf import settings

    folder = house.var / "recordings"
    storages = {
        **settings.STORAGES,
        "recordings": {**settings.STORAGES["recordings"], "OPTIONS": {"location": folder / "files"}},
    }
    keys = house.var / "recording-keys"
    with override_settings(RECORDINGS_DIR=folder, RECORDING_KEYS_DIR=keys, STORAGES=storages):
        yield folder


def where_it_records(folder: Path) -> dict[str, str]:
    """For a house in this folder: where its relay writes, and that a nearly full disk is no reason not to."""
    return {"RELAY_RECORDINGS": str(folder / "recordings" / "incoming"), "RELAY_RECORDING_RESERVE": "0"}


@dataclass(frozen=True)
class Person:
    """What there is of one person in a recording."""

    type: str
    parts: list[Part]

    @property
    def last_arrival(self) -> float:
        """When the last packet came that is on the disk, in seconds since 1970."""
        return max((part.header["began"] + record.after_us) / 1e6 for part in self.parts for record in part.records)

    @property
    def ssrcs(self) -> set[int]:
        """Whose packets they are."""
        return {int.from_bytes(each.data[8:12], "big") for part in self.parts for each in part.records if not each.kind}

    def gaps(self, why: str) -> list[dict[str, Any]]:
        """What the parts say is missing, for this reason."""
        return [gap for part in self.parts for gap in part.header["gaps"] if gap["why"] == why]

    def slices(self, count: int) -> list[bytes]:
        """Some bytes of media, from here and there, long enough to be found nowhere by chance."""
        media = [record.data[24:40] for part in self.parts for record in part.records if len(record.data) > 80]
        return media[:: max(1, len(media) // count)]


def newest(encounter_id: int) -> Recording:
    """The visit's newest recording."""
    return Recording.objects.select_related("organization").filter(encounter_id=encounter_id).latest("requested_at")


def status_of(encounter_id: int) -> str:
    return newest(encounter_id).status


def wait_for_status(encounter_id: int, *wanted: str, seconds: float = PATIENCE) -> Recording:
    """The visit's newest recording, once it is in one of these states."""

    def there() -> Recording | None:
        found = newest(encounter_id)
        return found if found.status in wanted else None

    return wait(there, lambda: f"it is {status_of(encounter_id)}, not {wanted}", seconds)


T = TypeVar("T")


def wait(condition: Callable[[], T | None], why: Callable[[], str], seconds: float = PATIENCE) -> T:
    """Look again and again until there is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(_LOOK_SECONDS)
    raise TimeoutError(why())


def people_in(recording: Recording, folder: Path) -> list[Person]:
    """Everybody of whom something was written, by the parts on the disk, in the order they came."""
    organization = recording.organization.uuid
    mac = keystore.mac(organization, recording.uuid)
    found = []
    for stream in Stream.objects.filter(recording=recording).order_by("pk"):
        place = folder / "incoming" / str(recording.uuid) / str(stream.uuid)
        identity = keystore.stream_identity(organization, stream.uuid)
        parts = [opened(path.read_bytes(), identity, mac) for path in sorted(place.glob("[0-9]*.age"))]
        found.append(Person(stream.person_type, parts))
    return found


def claps_of(recording: Recording) -> list[Claps]:
    """What the recording's files show of each person, on its own timeline."""
    organization = recording.organization.uuid
    files = MediaFile.objects.select_related("stream").filter(stream__recording=recording, kind="person")
    found = []
    for media in files.order_by("stream__pk"):
        sealed = SealedFile(recording.uuid, media.uuid, media.size, media.blocks, media.block_size)
        reader = SealedReader(sealed, keystore.stream_identity(organization, media.stream.uuid))
        found.append(claps_in(io.BytesIO(reader.read(0, media.size)), media.offset_ms / 1000))
    return found


def clinic_records(encounter_id: int) -> None:
    """Give the visit's clinic a key, without which it cannot record."""
    keystore.create_clinic_key(Encounter.objects.select_related("organization").get(pk=encounter_id).organization.uuid)
