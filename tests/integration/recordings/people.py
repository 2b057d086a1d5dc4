"""Browsers of people who play recordings: signed in, or come by their link."""

from typing import Any

from django.test import Client

from accounts.models import User
from consults.models import Encounter
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from tests.integration.access.world import sign_in


def staff_client(user: User, **options: Any) -> Client:
    """Signed in, without having shown it again lately."""
    client = Client(**options)
    sign_in(client, user)
    return client


def link_of(visit: Encounter) -> tuple[str, Client]:
    """The path of the patient's link, and their browser, which has opened it just now."""
    link = visit.appointment.links.get()
    client = Client()
    client.cookies[COOKIE_NAME] = session_cookie_for(link)
    return path_of(link), client
