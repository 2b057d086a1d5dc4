"""One time, two hundred forms sent at once: one visit, and for everybody else a page with other times.

It is the database that sees to it: with its guard lifted the same forms book the time again and again.
"""

import asyncio
import datetime as dt
import os
import re
import socket
import threading
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import uvicorn
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.roles import Role
from core import guards
from scheduling.guards import NO_OVERLAP
from scheduling.models import Appointment, OccupiedSpan, Schedule, WeeklyRule
from telehealth.asgi import pages
from tests import factories as make
from tests.integration.access.world import sign_in
from tests.integration.scheduling.clinic import Clinic
from tests.posts import Answer, Poster

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TAKERS = 200 if os.environ.get("HOUSECALL_LONG") else 20
NEW = "/staff/appointments/new/"


@pytest.fixture
def port() -> Iterator[int]:
    """The pages behind a real server, in a thread."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2 * TAKERS)
    server = uvicorn.Server(uvicorn.Config(pages, lifespan="off", log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def opened(clinic: Clinic) -> None:
    """Open all day, every day, so that there are times to offer."""
    schedule = Schedule.objects.create(
        organization=clinic.organization, practitioner=clinic.practitioner, timezone="America/Chicago"
    )
    for weekday in range(7):
        WeeklyRule.objects.create(
            schedule=schedule, weekday=weekday, starts=0, ends=1440, first_day=dt.date(2020, 1, 1)
        )


async def all_posted(port: int, session: str, forms: list[dict[str, str]]) -> list[Answer]:
    poster = Poster(port, session)
    try:
        return await asyncio.gather(*(poster.post(NEW, form) for form in forms))
    finally:
        await poster.close()


def posted_at_once(port: int, takers: int) -> list[tuple[dict[str, str], Answer]]:
    """So many forms for one time, each for another patient, with what came of each."""
    clinic = Clinic()
    opened(clinic)
    session = sign_in(Client(), make.make_user(clinic.organization, Role.FRONT_DESK))
    local = clinic.at.astimezone(ZoneInfo("America/Chicago"))
    patients = [clinic.new_patient() for _ in range(takers)]
    forms = [
        {
            "patient": str(patient.uuid),
            "practitioner": str(clinic.practitioner.uuid),
            "on": local.date().isoformat(),
            "at": f"{local:%H:%M}",
            "minutes": "20",
            "reason": f"number {number}",
        }
        for number, patient in enumerate(patients)
    ]
    return list(zip(forms, asyncio.run(all_posted(port, session, forms)), strict=True))


def test_one_time_posted_by_many_at_once_is_booked_once_and_offers_others(port: int) -> None:
    answers = posted_at_once(port, TAKERS)
    statuses = [answer.status for _, answer in answers]
    assert (statuses.count(302), statuses.count(409), len(statuses)) == (1, TAKERS - 1, TAKERS)
    for form, answer in answers:
        if answer.status == 409:
            page = answer.body.decode()
            assert "taken" in page
            assert len(re.findall(r'data-nearest="', page)) >= 3
            assert f'value="{form["reason"]}"' in page
            assert f'<option value="{form["patient"]}" selected' in page
    assert Appointment.objects.count() == 1
    assert OccupiedSpan.objects.count() == 2
    assert settings.ALLOWED_HOSTS


def test_one_time_posted_by_many_with_the_guard_lifted_is_booked_more_than_once(port: int) -> None:
    with guards.lifted(connection, NO_OVERLAP):
        booked = sum(answer.status == 302 for _, answer in posted_at_once(port, 8))
        OccupiedSpan.objects.all().delete()  # or the guard could not be put back
    assert booked > 1
    assert NO_OVERLAP not in guards.missing(connection)
