"""An email as a page of its own, to be looked at in a frame of ours: it may run nothing, send nothing, load nothing."""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.clickjacking import xframe_options_sameorigin

# Mail programs read styles in the text itself; here they are all that is allowed.
_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def framed(request: HttpRequest, html: str) -> HttpResponseBase:
    """The answer that shows it. Its links open beside the page."""

    @csp_replace(_POLICY)
    @xframe_options_sameorigin
    def answer(_: HttpRequest) -> HttpResponseBase:
        return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))

    return answer(request)
