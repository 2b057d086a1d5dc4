"""The calendar socket: who may watch, and that every change of the clinic's visits says where to look again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import RoleAssignment
from accounts.roles import Role
from scheduling import links
from scheduling.services import cancel_appointment, move_appointment
from signaling.consumers import calendar
from signaling.limits import Timing
from tests.factories import SYSTEM, make_appointment, make_organization, make_user
from tests.integration.signaling.house import Page, Visit, cookie, do, signed_in, sockets

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/staff/calendar/ws"


async def watching(app: Any, headers: Any) -> Page:
    """A calendar that is open, and has been told so."""
    page = await Page(app, PATH, headers).open()
    assert await page.next() == {"type": "calendar", "visits": [], "people": []}
    return page


async def test_moving_and_cancelling_name_the_visit(visit: Visit, app: Any, doctor: Any) -> None:
    page = await watching(app, await do(signed_in, visit.desk))
    appointment = visit.encounter.appointment
    uuid = str(appointment.uuid)
    later = appointment.starts_at + timedelta(hours=1)
    await do(move_appointment, actor=SYSTEM, appointment=appointment, starts_at=later)
    await page.hear("calendar", lambda message: uuid in message["visits"])
    await do(cancel_appointment, actor=SYSTEM, appointment=appointment, reason="")
    await page.hear("calendar", lambda message: uuid in message["visits"])


async def test_what_happens_in_the_waiting_room_names_the_practitioner(visit: Visit, app: Any, doctor: Any) -> None:
    page = await watching(app, doctor)
    await do(visit.arrive)
    practitioner = str(visit.encounter.practitioner.uuid)
    assert (await page.hear("calendar", lambda message: bool(message["people"])))["people"] == [practitioner]


async def test_another_clinics_changes_are_not_heard(visit: Visit, app: Any, doctor: Any) -> None:
    page = await watching(app, doctor)
    other = await do(make_appointment, organization=await do(make_organization))
    later = other.starts_at + timedelta(hours=1)
    await do(move_appointment, actor=SYSTEM, appointment=other, starts_at=later)
    await do(visit.arrive)
    await page.hear("calendar", lambda message: bool(message["people"]))
    heard = {uuid for message in page.heard if message["type"] == "calendar" for uuid in message["visits"]}
    assert str(other.uuid) not in heard


async def test_many_changes_at_once_are_one_look_at_everything(
    visit: Visit, doctor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "MANY", 1)
    page = await watching(sockets(timing=Timing(coalesce=1.0)), doctor)
    again = [
        await do(
            make_appointment,
            practitioner=visit.encounter.practitioner,
            starts_at=visit.encounter.appointment.ends_at + timedelta(hours=number),
        )
        for number in (1, 2)
    ]

    @transaction.atomic
    def cancel() -> None:
        for one in again:
            cancel_appointment(actor=SYSTEM, appointment=one, reason="")

    await do(cancel)
    await page.hear("calendar", lambda message: message == {"type": "calendar", "visits": [], "people": []})


async def test_calendar_is_open_to_staff_who_may_list_appointments(visit: Visit, app: Any, doctor: Any) -> None:
    clinic = visit.encounter.organization
    await watching(app, await do(signed_in, await do(make_user, clinic, Role.SCHEDULER)))
    privacy = await do(signed_in, await do(make_user, clinic, Role.PRIVACY_OFFICER))
    patient = cookie(links.COOKIE_NAME, links.session_cookie_for(visit.link))
    for headers in ([], patient, privacy):
        page = await Page(app, PATH, headers).open()
        assert (await page.next())["code"] == "not_found"
        assert await page.closed() == 4003


async def test_calendar_closes_when_the_role_is_taken_away(visit: Visit, app: Any, doctor: Any) -> None:
    page = await watching(app, await do(signed_in, visit.desk))
    await do(RoleAssignment.objects.filter(user=visit.desk).delete)
    await do(visit.arrive)  # any hint makes it look
    assert await page.closed() == 4003


async def test_client_may_say_nothing_but_ping_and_pong(visit: Visit, app: Any, doctor: Any) -> None:
    page = await watching(app, doctor)
    await page.say("chat", client_id="x", body="hi")
    assert (await page.refused())["code"] == "unknown_type"
    await page.say("ping", n=7)
    assert (await page.hear("pong"))["n"] == 7
