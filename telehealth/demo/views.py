"""Pages that only a demo has."""

import uuid as uuids

from django.http import HttpRequest, HttpResponseRedirect
from django.views.decorators.http import require_POST

from accounts.policy import guarded
from consults.selectors import get_queue
from core.errors import NotFound
from core.http import no_store
from scheduling.links import path_of, secret_for
from telehealth.demo.pretend import bring_patient


@guarded("telehealth.demo.pretend")
@no_store
@require_POST
def pretend(request: HttpRequest, queue: uuids.UUID) -> HttpResponseRedirect:
    """To the personal link of a patient of this queue; its page then walks in by itself (static/js/pretend.js)."""
    practitioner = get_queue(request.actor, queue).practitioner  # type: ignore[attr-defined]
    if practitioner is None:  # who answers for a pool's line has one of their own
        raise NotFound
    link = bring_patient(practitioner)
    # By path: whoever tries it may have opened localhost, and a link leads to 127.0.0.1.
    return HttpResponseRedirect(f"{path_of(link)}?pretend#{secret_for(link)}")
