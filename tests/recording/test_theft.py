"""Five hundred ways to ask for somebody else's recording, by every role: not one byte, and no word that it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import Client

from accounts.roles import Role
from recordings.models import Export, MediaFile, Recording
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from scheduling.services import revoke_link
from tests.factories import SYSTEM
from tests.integration.access.world import WHO, World, world
from tests.played import finished_export, ready_recording

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MARK = hashlib.sha256(b"what was said").digest()
CONTENT = MARK * 4096
RANGES = (
    None,
    "bytes=0-",
    "bytes=0-0",
    "bytes=-64",
    "bytes=64-128,256-512",
    "bytes=18446744073709551616-",
    "bytes=a-b",
)
ATTEMPTS = 500
REFUSED = {
    HTTPStatus.FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.MOVED_PERMANENTLY,
}  # fmt: skip


@dataclass(frozen=True)
class Loot:
    """One ready recording with a file and an export, and the link of its visit."""

    recording: Recording
    file: MediaFile
    export: Export
    link: Any


def _loot(found: World, whose: str) -> Loot:
    objects = found.visits[whose]
    played = ready_recording(objects.visit, films=[("practitioner", CONTENT, {}), ("patient", CONTENT, {})])
    export = finished_export(played.recording, content=CONTENT)
    return Loot(played.recording, played.files[0], export, objects.link)


def _addresses(mine: Loot, theirs: Loot) -> Iterator[str]:
    """Ways to `theirs`; `mine` is what the asker may have something to do with."""
    for front in ("/staff/", path_of(mine.link), path_of(theirs.link)):
        for recording in (theirs, mine):
            one = f"{front}recordings/{recording.recording.uuid}/"
            yield f"{one}media/{theirs.file.uuid}/"
            yield f"{one}export/{theirs.export.uuid}/file/"
        one = f"{front}recordings/{theirs.recording.uuid}/"
        yield from (one, f"{one}timeline/", f"{one}media/", f"{one}media/{theirs.file.uuid}", f"{one}media/../export/")
        yield f"{one}media/{str(theirs.file.uuid).upper()}/"
        yield f"{one}media/{theirs.file.uuid.hex}/"
        yield f"{one}media/%2e%2e/{theirs.file.uuid}/"
        yield f"{one}media/{theirs.file.uuid}/00000000.age"
        yield f"{one}media/{theirs.file.uuid}%00/"
        yield f"{one}media//{theirs.file.uuid}/"
    for front in ("/", "/media/", "/static/", "/static/../var/", "/recordings/", "/static/%2e%2e/recordings/files/"):
        yield f"{front}{theirs.recording.uuid}/{theirs.file.uuid}/00000000.age"
        yield f"{front}files/{theirs.recording.uuid}/{theirs.file.uuid}/00000000.age"


def _body(response: Any) -> bytes:
    if not isinstance(response, StreamingHttpResponse):
        return bytes(response.content)
    if not response.is_async:
        return b"".join(response.streaming_content)  # type: ignore[arg-type]

    async def read() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])  # type: ignore[union-attr]

    return async_to_sync(read)()


def _denied(client: Client, address: str, ask: str, wanted: str | None) -> None:
    headers = {"Range": wanted} if wanted else {}
    response = client.generic(ask, address, headers=headers)
    assert response.status_code in REFUSED, (ask, address, response.status_code)
    body = _body(response)
    assert MARK not in body
    assert "Content-Range" not in response.headers


def _tried(client: Client, mine: Loot, theirs: Loot) -> int:
    count = 0
    for address in _addresses(mine, theirs):
        asks = [("GET", None)]
        if address.endswith(f"/media/{theirs.file.uuid}/"):
            asks += [("HEAD", None), ("POST", None), *(("GET", wanted) for wanted in RANGES)]
        for ask, wanted in asks:
            _denied(client, address, ask, wanted)
        count += len(asks)
    return count


@pytest.mark.parametrize("who", WHO)
def test_recording_of_others_gives_no_byte_to_anybody(who: str) -> None:
    found = world(who)
    mine = _loot(found, "own")
    # To all others even the recording that patient and practitioner may play is somebody else's.
    others = ("colleague's",) if who in (Role.PATIENT, Role.PRACTITIONER) else ("own",)
    count = sum(_tried(found.client, mine, _loot(found, whose)) for whose in (*others, "other clinic's"))
    assert count * len(WHO) >= ATTEMPTS


def test_recording_is_gone_for_a_link_that_was_revoked_and_for_another_session() -> None:
    found = world(Role.PATIENT)
    loot = _loot(found, "own")
    address = f"{path_of(loot.link)}recordings/{loot.recording.uuid}/media/{loot.file.uuid}/"
    allowed = found.client.get(address, headers={"Range": "bytes=0-31"})
    assert (allowed.status_code, _body(allowed)) == (206, MARK)
    _denied(Client(), address, "GET", "bytes=0-31")
    other = Client()
    other.cookies[COOKIE_NAME] = session_cookie_for(found.visits["colleague's"].link)
    _denied(other, address, "GET", "bytes=0-31")
    revoke_link(actor=SYSTEM, link=loot.link)
    _denied(found.client, address, "GET", "bytes=0-31")
