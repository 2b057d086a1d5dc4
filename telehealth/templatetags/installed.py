"""Template tags of the house as an app: its colours, and files that stand in the page itself."""

import re

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from telehealth.installed import colours, written

register = template.Library()
COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)


@register.simple_tag
def colour(name: str, theme: str = "light") -> str:
    """A colour of static/css/tokens.css, for what reads no style sheet."""
    return colours()[theme][name]


@register.simple_tag
def data_image(name: str) -> str:
    """A drawing as an address that holds it whole."""
    return "data:image/svg+xml," + written(name).strip().replace('"', "'").replace("#", "%23")


@register.simple_tag(takes_context=True)
def styles_here(context: Context, *names: str) -> SafeString:
    """Style sheets of ours in the page itself, under the nonce of its policy: for the page that has to do alone."""
    sheets = SafeString("".join(COMMENT.sub("", written(name)) for name in names))
    return format_html('<style nonce="{}">{}</style>', context["nonce"], sheets)


@register.simple_tag(takes_context=True)
def script_here(context: Context, name: str) -> SafeString:
    """A script of ours, likewise."""
    return format_html('<script nonce="{}">{}</script>', context["nonce"], SafeString(written(name)))
