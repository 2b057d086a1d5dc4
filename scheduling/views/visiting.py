"""What the public forms share: the browser's own cookie, and how often one address may take something."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from accounts.addresses import client_network
from core.errors import RateLimited
from scheduling import tries, visitors


def key_of(request: HttpRequest) -> str:
    """The browser's key, or a new one where it has none yet."""
    key = request.COOKIES.get(visitors.COOKIE_NAME, "")
    return key if visitors.is_key(key) else visitors.new_key()


def with_key(
    request: HttpRequest, response: HttpResponse, key: str = "", path: str = visitors.PATH_PREFIX
) -> HttpResponse:
    """The cookie is set before it is needed: a button pressed twice then comes twice from the same browser."""
    response.set_cookie(
        visitors.COOKIE_NAME,
        key or key_of(request),
        max_age=visitors.COOKIE_SECONDS,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


def uncount(request: HttpRequest, what: str) -> None:
    """Nothing came of it: whoever else shares the network may still have it today."""
    tries.give_back(what, client_network(request))


def count(request: HttpRequest, what: str) -> None:
    """Raise RateLimited for an address that has taken its share of `what`."""
    network = client_network(request)
    if not tries.may_take(what, network):
        raise RateLimited(
            gettext("There were too many tries from your network. Wait ten minutes, or call the front desk.")
        )
    if what != "hold" and not tries.may_keep(what, network):
        raise RateLimited(
            gettext("Too much was booked from your network today. Try again tomorrow, or call the front desk.")
        )
