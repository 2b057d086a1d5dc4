"""Ready recordings in the files and keys of a running house, for browser tests. Called through `make`."""

import contextlib
import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.test import override_settings

from consults.models import ChatMessage
from core.ids import new_uuid
from recordings.models import Recording
from tests.browser.clinic import Visit
from tests.browser.house import House
from tests.films import film as new_film
from tests.played import Played, ready_recording

# The same film for every test that asks for the same: making one takes a second.
film = functools.cache(new_film)
Films = Sequence[tuple[str, bytes, dict[str, Any]]]


@contextlib.contextmanager
def folders_of(house: House) -> Iterator[None]:
    """This process writes recordings where the house reads them."""
    place = {**settings.STORAGES["recordings"], "OPTIONS": {"location": house.var / "recordings" / "files"}}
    with override_settings(
        RECORDINGS_DIR=house.var / "recordings",
        RECORDING_KEYS_DIR=house.var / "recording-keys",
        STORAGES={**settings.STORAGES, "recordings": place},
    ):
        storages._storages.clear()
        try:
            yield
        finally:
            storages._storages.clear()


def two_people(seconds: float = 12) -> Films:
    """Both clap at once at 2 s and 8 s of the timeline; the patient came a second later and was away for a while."""
    gap = {"from": 5000, "to": 6500, "why": "left", "source": ""}
    return (
        ("practitioner", film(seconds=seconds, luma=70, claps=(2.0, 8.0)), _row(seconds)),
        (
            "patient",
            film(seconds=seconds - 1, luma=130, tone=660, claps=(1.0, 7.0)),
            _row(seconds - 1, offset_ms=1000, gaps=[gap]),
        ),
    )


def three_with_a_screen() -> Films:
    return (
        *two_people(),
        ("Hanna Fern", film(seconds=8, luma=170, tone=330), _row(8, offset_ms=3000)),
        ("practitioner", film(seconds=4, luma=220, sound=False), _row(4, offset_ms=4000, kind="screen")),
    )


def change(played: Played, **fields: Any) -> None:
    """The recording is otherwise now."""
    Recording.objects.filter(pk=played.recording.pk).update(**fields)


def _row(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"duration_ms": int(seconds * 1000), "width": 320, "height": 180, **fields}


def recorded(house: House, visit: Visit, films: Films = (), chat: Sequence[tuple[float, str]] = ()) -> Played:
    """A ready recording of the visit; `chat` are seconds of the timeline and what the patient wrote."""
    with folders_of(house):
        played = ready_recording(visit.encounter, films=films or two_people())
    began = played.recording.began_at
    assert began is not None
    for number, (at, body) in enumerate(chat, start=1):
        ChatMessage.objects.create(
            encounter=visit.encounter, seq=number, author_type="patient", author_id=visit.encounter.patient_id,
            author_label=visit.encounter.patient.full_name, author_seat=new_uuid(), body=body, client_id=new_uuid(),
            sent_at=began + dt.timedelta(seconds=at),
        )  # fmt: skip
    return played
