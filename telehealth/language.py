"""The language of a page, its scripts and its sockets: what the reader chose, else what their browser asks for."""

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, parse_cookie
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import JavaScriptCatalog, set_language

from accounts.policy import guarded
from core.errors import NotFound

Scope = MutableMapping[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]


@guarded("telehealth.language.choose")
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Keep the chosen language in the browser and go back to where the reader was, if that is in this house."""
    return set_language(request)


@guarded("telehealth.language.words")
@require_safe
@cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
def words(request: HttpRequest, language: str, version: str) -> HttpResponseBase:
    """The words of scripts in a language. The address has their version, so that a browser keeps them for good."""
    if language not in dict(settings.LANGUAGES) or version != words_version(language):
        raise NotFound
    with translation.override(language):
        return JavaScriptCatalog.as_view()(request)


@cache
def words_version(language: str) -> str:
    """Changes with the words. "" where scripts say what is written in them."""
    found = [path / language / "LC_MESSAGES" / "djangojs.mo" for path in settings.LOCALE_PATHS]
    content = b"".join(path.read_bytes() for path in found if path.exists())
    return hashlib.sha256(content).hexdigest()[:12] if content else ""


class SpokenTo:
    """For sockets, around their application: what it renders is in the language of whoever opened it."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        with translation.override(_language_of(scope)):
            await self.application(scope, receive, send)


def _language_of(scope: Scope) -> str:
    """As Django tells it of a request: the handshake has the same headers."""
    request = HttpRequest()
    for name, value in scope["headers"]:
        if name == b"accept-language":
            request.META["HTTP_ACCEPT_LANGUAGE"] = value.decode("latin-1")
        elif name == b"cookie":
            request.COOKIES.update(parse_cookie(value.decode("latin-1")))
    return translation.get_language_from_request(request)
