"""Words of forms that are put together: said in the language of whoever reads them, not when the form is defined."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.utils.functional import lazy
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


def later(say: Callable[[], str]) -> "StrPromise":
    """What `say` says, whenever it is read."""
    return cast("StrPromise", lazy(say, str)())


def minutes_words(minutes: int) -> str:
    """ "20 minutes"."""
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
