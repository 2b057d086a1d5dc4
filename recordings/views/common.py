"""What the views of recordings share: who asks, by which way they came, and whether it is still them."""

import datetime as dt
import uuid as uuids
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import proof
from accounts.actors import Actor, actor_for_scope
from consults.selectors.shown import has_shown_who
from core.errors import HousecallError, NotFound
from recordings.models import Recording
from scheduling.links import FRESH_SECONDS, was_opened_lately


class ProofNeeded(HousecallError):  # noqa: N818
    """Somebody must show once more that it is them."""

    code = "proof.needed"
    status = 403
    message = gettext_noop("Show us once more that it is you, then press the button again.")


def actor_of(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def address(name: str, link: uuids.UUID | None, **ids: uuids.UUID) -> str:
    """The address of a page by the way that the asking person came."""
    return reverse(name, kwargs=ids) if link is None else reverse(f"visit-{name}", kwargs={"link": link, **ids})


def require_proof(request: HttpRequest, recording: Recording, link: uuids.UUID | None) -> None:
    """Staff by their password, patients by their link or their code, within five minutes. Raises ProofNeeded with where
    to go."""
    if link is None:
        if not proof.has_proven(request):
            page = f"{address('recording', None, recording=recording.uuid)}#export"
            raise ProofNeeded(go=proof.address_to_prove(request, page))
    elif not was_opened_lately(request.path_info, request.COOKIES) and not _entered_lately(request, recording):
        raise ProofNeeded(
            _("Open the link in our message once more. Then you have five minutes for this."), code="proof.link"
        )


def _entered_lately(request: HttpRequest, recording: Recording) -> bool:
    """The code that opened the recording is as good a proof as the link, for as long."""
    visit = recording.encounter
    lately = dt.timedelta(seconds=FRESH_SECONDS)
    return has_shown_who(actor_of(request), visit, lately)


def asked_again(request: HttpRequest, ask: Callable[[Actor], Any]) -> Callable[[], bool]:
    """A question to be asked later, by the session as it is then: signed out, taken back and disabled count."""
    scope = {"path": request.path_info, "headers": [(b"cookie", request.headers.get("Cookie", "").encode("latin-1"))]}

    def still_may() -> bool:
        try:
            ask(actor_for_scope(scope))
        except NotFound:
            return False
        return True

    return still_may
