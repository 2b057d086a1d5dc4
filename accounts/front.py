"""Where staff come to first: the pages that settings name, in their order."""

from django.conf import settings
from django.shortcuts import resolve_url

from accounts.actors import Actor
from accounts.policy import may_ever


def front_of(actor: Actor) -> str:
    """The first page that their roles may open; home for who has none."""
    mine = (page for action, page in settings.STAFF_PAGES if may_ever(actor, action))
    return str(resolve_url(next(mine, "home")))
