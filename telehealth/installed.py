"""The house as an app on a device: what names it there, the script that stands by, the page without a connection.

Nothing here tells of a person: all three answers are the same to everybody who speaks a language.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from csp.constants import NONCE, NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation
from django.views.decorators.http import require_safe

from accounts.actors import ANONYMOUS
from accounts.models import Organization
from accounts.policy import guarded
from accounts.selectors import organization_of
from consults.selectors.keeping import place_kept

HOUSE = "Housecall"
# What stands below an icon; longer names are cut off by the device, in the middle of a word.
SHORT = 12
ICONS = (
    ("art/icon-192.png", 192, "any"),
    ("art/icon-512.png", 512, "any"),
    ("art/icon-maskable-512.png", 512, "maskable"),
)
BLOCK = re.compile(r"(?P<of>:root|\[data-bs-theme=\"dark\"\]) \{(?P<names>.*?)\n\}", re.DOTALL)
NAMED = re.compile(r"--hc-(?P<name>[a-z-]+): (?P<value>#[0-9a-f]{3,6});")
# What the page needs is in the page; it asks one address, whether the house is there again.
POLICY = {
    "default-src": [NONE],
    "style-src": [NONCE],
    "script-src": [NONCE],
    "img-src": ["data:"],
    "connect-src": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}


def written(name: str) -> str:
    """A static file as it was written, by its plain name: found whether or not names are hashed."""
    return Path(cast(str, finders.find(name))).read_text(encoding="utf-8")


@cache
def colours() -> dict[str, dict[str, str]]:
    """The clinic's colours by theme, from where all of them stand; in the dark those that are other there."""
    themes: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    # The first of each: what follows is about sizes.
    for block in reversed(list(BLOCK.finditer(written("css/tokens.css")))):
        theme = "light" if block["of"] == ":root" else "dark"
        themes[theme].update((found["name"], found["value"]) for found in NAMED.finditer(block["names"]))
    return {"light": themes["light"], "dark": {**themes["light"], **themes["dark"]}}


@guarded("telehealth.installed.manifest")
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a device writes below the icon and paints while it opens the house."""
    clinic = organization_of(ANONYMOUS)
    name = clinic.name if clinic else HOUSE
    light = colours()["light"]
    about = {
        "id": "/",
        "name": name,
        "short_name": short(name),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "lang": (translation.get_language() or settings.LANGUAGE_CODE).partition("-")[0],
        "dir": "rtl" if translation.get_language_bidi() else "ltr",
        "theme_color": light["paper"],
        "background_color": light["linen"],
        "icons": [
            {"src": static(file), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for file, size, purpose in ICONS
        ],
    }
    response = JsonResponse(about, content_type="application/manifest+json")
    # Every page names it: browsers need not ask for it each time.
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Vary"] = "Cookie"
    return response


def short(name: str) -> str:
    """As many of its first words as stand below an icon, and at least one."""
    first, *rest = name.split() or [HOUSE]
    for word in rest:
        if len(first) + 1 + len(word) > SHORT:
            break
        first = f"{first} {word}"
    return first


@guarded("telehealth.installed.offline")
@require_safe
@csp(POLICY)
def offline(request: HttpRequest) -> HttpResponse:
    """The one page that devices keep (static/js/worker.js), for when they reach nobody."""
    nonce = request.csp_nonce  # type: ignore[attr-defined]
    return HttpResponse(_page(organization_of(ANONYMOUS), str(nonce)))


def _page(clinic: Organization | None, nonce: str) -> str:
    # Without the request: no context processor tells who is looking.
    known: dict[str, Any] = {"clinic": clinic, "nonce": nonce, "house": HOUSE}
    if clinic:
        known["minutes"] = round(place_kept(clinic).total_seconds() / 60)
    return render_to_string("offline.html", known)


@guarded("telehealth.installed.worker")
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The same to everybody. Browsers ask now and then whether it has changed, and then keep the page anew.

    So its first line changes with the page: with the desk's number, the minutes of a place in line, or the words.
    """
    clinic = organization_of(ANONYMOUS)
    pages = hashlib.sha256()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            pages.update(_page(clinic, "").encode())
    script = f"// Keeps page {pages.hexdigest()[:16]}\n{written('js/worker.js')}"
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
