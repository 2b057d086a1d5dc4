"""What every page needs to know of the language it is written in."""

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from telehealth.language import words_version

register = template.Library()


@register.simple_tag
def page_language() -> str:
    """ "en" or "es", for `lang`: the pages have one English for every country."""
    return (get_language() or settings.LANGUAGE_CODE).partition("-")[0]


@register.simple_tag
def languages() -> list[tuple[str, str, str]]:
    """What a reader may choose: Django's code, the code for `lang`, and the language in its own name."""
    return [(code, code.partition("-")[0], name) for code, name in settings.LANGUAGES]


@register.simple_tag
def words_script() -> SafeString:
    """What scripts say, before any of them runs; nothing where they say what is written in them."""
    language = page_language()
    version = words_version(language)
    if not version:
        return SafeString("")
    return format_html('<script src="{}" defer></script>', reverse("words", args=[language, version]))
