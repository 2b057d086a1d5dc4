"""Playing recordings: the list, the player, its timeline and the media. Staff and links use the same views."""

import uuid as uuids
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.policy import guarded
from core.http import no_store
from recordings import pages, streaming
from recordings.selectors import playback
from recordings.services.viewing import note_opened
from recordings.views.common import actor_of, address, asked_again


@guarded("recordings.list")
@no_store
@require_safe
def listing(request: HttpRequest) -> HttpResponseBase:
    rows = [pages.row(one) for one in playback.recordings_of(actor_of(request))]
    return render(request, "recordings/list.html", {"nav": "recordings", "rows": rows})


@guarded("recordings.play")
@no_store
@require_safe
def player(request: HttpRequest, recording: uuids.UUID, link: uuids.UUID | None = None) -> HttpResponseBase:
    actor = actor_of(request)
    if link is not None and playback.awaits_code(actor, recording):
        # Where the code is asked for, as for everything else that the visit leaves behind.
        return redirect("visit-leave-behind", link=link)
    found = playback.get_recording_for(actor, recording)
    note_opened(actor=actor, recording=found)
    context: dict[str, Any] = {
        "nav": "recordings",
        "link": link,
        "base": "base_staff.html" if link is None else "base_patient.html",
        "back": reverse("recordings") if link is None else reverse("visit", kwargs={"link": link}),
        "page": address("recording", link, recording=recording),
        "player_data": {
            "page": address("recording", link, recording=recording),
            "timeline": address("recording-timeline", link, recording=recording),
        },
        **pages.one(actor, found),
    }
    return render(request, "recordings/player.html", context)


@guarded("recordings.play")
@no_store
@require_safe
def timeline(request: HttpRequest, recording: uuids.UUID, link: uuids.UUID | None = None) -> HttpResponseBase:
    actor = actor_of(request)
    found = playback.get_recording_for(actor, recording)
    told = playback.timeline(actor, found)
    for track in told["tracks"]:
        track["address"] = address("recording-media", link, recording=recording, file=uuids.UUID(track["file"]))
    return JsonResponse({"ok": True, **told, "words": pages.state_words(found)})


@guarded("recordings.play")
@no_store
@require_safe
def media(
    request: HttpRequest, recording: uuids.UUID, file: uuids.UUID, link: uuids.UUID | None = None
) -> HttpResponseBase:
    found = playback.get_media(actor_of(request), recording, file)
    return streaming.answer(
        request,
        size=found.size,
        etag=f'"{found.uuid.hex}"',
        content_type=found.content_type,
        chunks=lambda span: playback.media_bytes(found, span),
        still_may=asked_again(request, lambda actor: playback.get_media(actor, recording, file)),
    )
