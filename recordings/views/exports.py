"""Exports: asked for, watched, cancelled, taken along. Asking and taking want a fresh proof of who it is."""

import uuid as uuids
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from accounts.policy import guarded
from core.http import no_store, wants_json
from recordings import pages, streaming
from recordings.models import Export, Recording
from recordings.selectors import films, playback
from recordings.services import exports
from recordings.views.common import ProofNeeded, actor_of, address, asked_again, require_proof


@guarded("recordings.export")
@no_store
@require_POST
def export(request: HttpRequest, recording: uuids.UUID, link: uuids.UUID | None = None) -> HttpResponseBase:
    actor = actor_of(request)
    found = playback.get_recording_for(actor, recording, "recordings.export")
    page = address("recording", link, recording=recording)
    try:
        require_proof(request, found, link)
    except ProofNeeded as needed:
        if "go" in needed.extra and not wants_json(request):
            return redirect(needed.extra["go"])
        raise
    made = exports.request_export(actor=actor, recording=found, kind=request.POST.get("kind", ""))
    if wants_json(request):
        return JsonResponse({"ok": True, "export": _told(made, link, recording)})
    return redirect(f"{page}#export")


@guarded("recordings.export")
@no_store
@require_safe
def status(
    request: HttpRequest, recording: uuids.UUID, export: uuids.UUID, link: uuids.UUID | None = None
) -> HttpResponseBase:
    found = films.get_export(actor_of(request), recording, export)
    return JsonResponse(
        {"ok": True, "export": _told(found, link, recording), "proof": _missing_proof(request, link, found.recording)}
    )


@guarded("recordings.export")
@no_store
@require_POST
def cancel(
    request: HttpRequest, recording: uuids.UUID, export: uuids.UUID, link: uuids.UUID | None = None
) -> HttpResponseBase:
    actor = actor_of(request)
    exports.cancel_export(actor=actor, export=films.get_export(actor, recording, export))
    if wants_json(request):
        return JsonResponse({"ok": True})
    return redirect(address("recording", link, recording=recording))


@guarded("recordings.export")
@no_store
@require_safe
def download(
    request: HttpRequest, recording: uuids.UUID, export: uuids.UUID, link: uuids.UUID | None = None
) -> HttpResponseBase:
    actor = actor_of(request)
    found = films.get_finished_export(actor, recording, export)
    try:
        require_proof(request, found.recording, link)
    except ProofNeeded as needed:
        if "go" in needed.extra:
            return redirect(needed.extra["go"])
        raise
    exports.note_download(actor=actor, export=found)
    response = streaming.answer(
        request,
        size=found.size,
        etag=f'"{found.uuid.hex}"',
        content_type=f"video/{found.kind}",
        chunks=lambda span: films.film_bytes(found, span),
        still_may=asked_again(request, lambda again: films.get_finished_export(again, recording, export)),
    )
    # No name of a person in a file's name: it lies about on desks and in clouds.
    response.headers["Content-Disposition"] = f'attachment; filename="recording-{recording.hex[:8]}.{found.kind}"'
    patch_vary_headers(response, ["Cookie"])
    return response


def _missing_proof(request: HttpRequest, link: uuids.UUID | None, recording: Recording) -> dict[str, Any] | None:
    """What the page says instead of a download that would be refused; None when it would not be."""
    try:
        require_proof(request, recording, link)
    except ProofNeeded as needed:
        return needed.as_dict()
    return None


def _told(export: Export, link: uuids.UUID | None, recording: uuids.UUID) -> dict[str, Any]:
    here = {"recording": recording, "export": export.uuid}
    return {
        **pages.export_words(export),
        "status_address": address("recording-export-status", link, **here),
        "cancel_address": address("recording-export-cancel", link, **here),
        "file_address": address("recording-export-file", link, **here),
    }
