"""What the device check of a visit's page has found, posted under the person's own link."""

import uuid as uuids
from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actors import Actor
from accounts.policy import guarded
from consults import checks, selectors, services
from consults.browsers import browser_at
from core.errors import Invalid, RateLimited
from core.http import no_store
from scheduling import tries

MOST_BYTES = 4_096


class FindingForm(forms.Form):
    """Codes and one number; everything may be missing."""

    camera = forms.ChoiceField(choices=tuple(checks.CAMERA.items()), required=False)
    microphone = forms.ChoiceField(choices=tuple(checks.MICROPHONE.items()), required=False)
    speaker = forms.ChoiceField(choices=tuple(checks.SPEAKER.items()), required=False)
    path = forms.ChoiceField(choices=tuple(checks.PATH.items()), required=False)
    spare = forms.ChoiceField(choices=tuple(checks.SPARE.items()), required=False)
    round_trip_ms = forms.IntegerField(min_value=0, max_value=60_000, required=False)


@guarded("consults.devices.tell")
@no_store
@require_POST
def devices(request: HttpRequest, link: uuids.UUID) -> HttpResponse:
    """Keep what the check has found. Which browser it is, its own header says."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    encounter = selectors.get_visit(actor)
    if not tries.may_check(str(link)):
        raise RateLimited
    is_short = int(request.headers.get("Content-Length") or 0) <= MOST_BYTES
    form = FindingForm(request.POST if is_short else {})
    if not is_short or not form.is_valid():
        raise Invalid(_("We could not read what the check has found. Load the page again."), code="devices.unreadable")
    browser = browser_at(request)
    found = services.Finding(**form.cleaned_data, browser=browser.words, in_app=browser.app)
    services.keep_device_check(actor=actor, encounter=encounter, finding=found)
    return JsonResponse({"ok": True})
