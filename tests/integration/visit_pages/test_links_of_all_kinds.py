"""Links that were guessed, belong to others, were revoked or are too old; and what a right one says in every case."""

import datetime as dt
import os
import secrets
import uuid
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.actors import system_actor
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import NotFound, RateLimited
from core.templatetags.ui import clock_time
from scheduling.links import COOKIE_NAME, open_link, path_of, secret_for, session_cookie_for
from scheduling.models import Appointment, PersonalLink
from scheduling.services import cancel_appointment, move_appointment, revoke_link
from tests import factories as make

pytestmark = pytest.mark.django_db

# A tenth, unless the long run asks for all.
TRIES = 10_000 if os.environ.get("HOUSECALL_LONG") else 1_000
JSON = {"accept": "application/json"}


def link_of(visit: Encounter) -> PersonalLink:
    return visit.appointment.links.get(guest=None)


def opened(visit: Encounter) -> Client:
    client = Client()
    answer = client.post(reverse("visit-open", args=[link_of(visit).uuid]), {"secret": secret_for(link_of(visit))})
    assert answer.status_code == 204
    return client


def page(client: Client, visit: Encounter) -> str:
    return client.get(reverse("visit", args=[link_of(visit).uuid])).content.decode()


def closed_links() -> list[tuple[str, str]]:
    """Right secrets of links that open nothing any more, and of others' links."""
    mine, theirs, revoked, late = (make.make_visit() for _ in range(4))
    revoke_link(actor=system_actor("tests", revoked.organization_id), link=link_of(revoked))
    long_ago = now() - dt.timedelta(days=31)
    starts_at = long_ago - dt.timedelta(minutes=20)
    Appointment.objects.filter(pk=late.appointment_id).update(starts_at=starts_at, ends_at=long_ago)
    return [
        (str(link_of(mine).uuid), secret_for(link_of(theirs))),
        (str(link_of(revoked).uuid), secret_for(link_of(revoked))),
        (str(link_of(late).uuid), secret_for(link_of(late))),
        (str(link_of(mine).uuid), secret_for(link_of(mine))[:-1]),
    ]


@pytest.mark.slow
def test_guessed_foreign_revoked_and_late_links_open_nothing_and_disturb_nobody() -> None:
    visit, known = make.make_visit(), closed_links()

    def tries() -> object:
        while True:
            yield str(uuid.uuid4()), secrets.token_urlsafe(32)
            yield str(link_of(visit).uuid), secrets.token_urlsafe(32)
            yield from known

    answers: dict[str, int] = {}
    for number, (link, secret) in enumerate(islice(tries(), TRIES)):  # type: ignore[call-overload]
        try:
            open_link(link_uuid=link, secret=secret, address=f"10.0.{number // 250}.{number % 250}")
        except (NotFound, RateLimited) as refusal:
            answers[refusal.code] = answers.get(refusal.code, 0) + 1
    assert sum(answers.values()) == TRIES
    assert set(answers) == {"not_found", "rate_limited"}
    assert not AuditEvent.objects.filter(action="scheduling.link.open", outcome="success").exists()
    assert "Join your visit" in page(opened(visit), visit)
    cache.clear()


def test_made_up_sessions_and_addresses_show_nothing_of_anybody() -> None:
    visit, other = make.make_visit(), make.make_visit()
    client = Client()
    for value in (session_cookie_for(link_of(other)), session_cookie_for(link_of(visit))[:-2] + "xx", "", "a:b:c"):
        client.cookies[COOKIE_NAME] = value
        assert visit.patient.given_name not in page(client, visit)
    for path in ("/v/0/", "/v/../staff/", "/v/%00/", f"/v/{uuid.uuid4()}/devices/", "/v/" + "a" * 5_000 + "/"):
        assert client.post(path, headers=JSON).status_code in {302, 404}


def test_scanner_that_follows_the_link_uses_nothing_up() -> None:
    visit = make.make_visit()
    address = reverse("visit", args=[link_of(visit).uuid])
    for method in ("get", "head", "options"):
        getattr(Client(), method)(address)
        getattr(Client(), method)(reverse("visit-open", args=[link_of(visit).uuid]))
    assert not AuditEvent.objects.filter(action="scheduling.link.open").exists()
    # One that runs scripts opens the page, and that is all.
    page(opened(visit), visit)
    visit.refresh_from_db()
    assert visit.status == "planned"
    assert "Join your visit" in page(opened(visit), visit)


def test_too_early_counts_down_and_offers_the_check() -> None:
    visit = make.make_visit(starts_at=now() + dt.timedelta(hours=3))
    body = page(opened(visit), visit)
    early = body.split('data-step="early"')[1].split("</section>")[0]
    assert "You are early. The door opens" in early
    assert "Try camera and sound now" in early
    assert "server_time" in body


def test_too_late_says_what_to_do() -> None:
    visit = make.make_visit()
    starts_at = now() - dt.timedelta(hours=14)
    moved = {"starts_at": starts_at, "ends_at": starts_at + dt.timedelta(minutes=20)}
    Appointment.objects.filter(pk=visit.appointment_id).update(**moved)
    body = page(opened(visit), visit)
    assert "The time of this visit is over" in body
    assert visit.organization.phone in body


def test_after_a_cancellation_the_link_says_so_and_how_to_get_a_new_time() -> None:
    visit = make.make_visit()
    client = opened(visit)
    cancel_appointment(actor=make.SYSTEM, appointment=visit.appointment, reason="")
    body = page(client, visit)
    assert "This visit is cancelled" in body
    assert visit.organization.phone in body
    assert "Join your visit" not in body
    assert visit.practitioner.display_name in body


@pytest.mark.parametrize("whose", ["patient", "guest"])
def test_link_to_a_cancelled_visit_names_nobody_and_no_time_once_its_day_is_over(whose: str, time_machine: Any) -> None:
    """A link may have come into anybody's hands: until that day is over it says which one, then only that."""
    visit = make.make_visit()
    guest = make.make_guest(visit.appointment)
    link = visit.appointment.links.get(guest=guest if whose == "guest" else None)
    cancel_appointment(actor=make.SYSTEM, appointment=visit.appointment, reason="")
    private = (visit.practitioner.family_name, visit.patient.given_name, visit.patient.family_name)
    zone = ZoneInfo(visit.appointment.timezone)

    def shown() -> str:
        client = Client()
        client.cookies[COOKIE_NAME] = session_cookie_for(link)
        return client.get(path_of(link)).content.decode()

    said = clock_time(visit.appointment.starts_at, visit.appointment.timezone)
    assert said in shown()
    assert private[0] in shown()
    midnight = dt.datetime.combine(
        visit.appointment.starts_at.astimezone(zone).date() + dt.timedelta(days=1), dt.time(), tzinfo=zone
    )
    time_machine.move_to(midnight - dt.timedelta(seconds=1), tick=False)
    assert said in shown()
    time_machine.move_to(midnight + dt.timedelta(seconds=1), tick=False)
    body = shown()
    assert "This visit is cancelled" in body
    assert [each for each in (*private, said) if each in body] == []
    if whose == "patient":
        assert visit.organization.phone in body


def test_after_a_move_the_same_link_says_the_new_time() -> None:
    visit = make.make_visit()
    client = opened(visit)
    later = now() + dt.timedelta(days=2)
    move_appointment(
        actor=make.SYSTEM, appointment=visit.appointment, starts_at=later, ends_at=later + dt.timedelta(minutes=20)
    )
    body = page(client, visit)
    assert "Your visit moved." in body
    assert "The same link works then." in body
    assert "You are early" in body


def test_link_on_two_phones_leads_both_to_the_one_visit() -> None:
    visit = make.make_waiting_visit()
    phones = [opened(visit), opened(visit)]
    for phone in phones:
        assert '"state": "waiting"' in page(phone, visit)
    assert Encounter.objects.filter(pk=visit.pk, status="arrived").count() == 1
