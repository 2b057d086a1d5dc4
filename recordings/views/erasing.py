"""Erasing one's own part of a recording."""

import uuid as uuids

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.policy import guarded
from core.errors import Conflict
from core.http import no_store, wants_json
from recordings.selectors import playback
from recordings.services.erasing import decide_to_erase_part
from recordings.views.common import actor_of, address


@guarded("recordings.erase_mine")
@no_store
@require_POST
def erase_mine(request: HttpRequest, recording: uuids.UUID, link: uuids.UUID | None = None) -> HttpResponseBase:
    actor = actor_of(request)
    found = playback.get_recording_for(actor, recording, "recordings.erase_mine")
    try:
        decide_to_erase_part(actor=actor, recording=found)
    except Conflict as refusal:
        if wants_json(request):
            raise
        messages.error(request, refusal.message)
    else:
        if wants_json(request):
            return JsonResponse({"ok": True})
        messages.success(request, _("Your part of this recording is erased."))
    return redirect(address("recording", link, recording=recording))
