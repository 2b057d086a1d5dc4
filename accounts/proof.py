"""Whether somebody has shown again, a short while ago, that it is still them; asked before what cannot be taken back.

Staff by their password on allauth's page (who has none by a fresh sign-in), patients by their link (scheduling.links).
"""

import time
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.http import HttpRequest
from django.urls import reverse

FRESH_SECONDS = 5 * 60


def has_proven(request: HttpRequest) -> bool:
    """Whether the signed-in user has entered their password, or has signed in, within five minutes."""
    if not request.user.is_authenticated:
        return False
    if request.user.has_usable_password():
        return bool(did_recently_reauthenticate(request))
    signed_in = [record["at"] for record in get_authentication_records(request, request.user)]
    return bool(signed_in) and time.time() - max(signed_in) < FRESH_SECONDS


def address_to_prove(request: HttpRequest, back_to: str) -> str:
    """Where to send them; they come back to `back_to`."""
    name = "account_reauthenticate" if request.user.has_usable_password() else "account_logout"  # type: ignore[union-attr]
    return f"{reverse(name)}?{urlencode({'next': back_to})}"
