"""The visit socket once the visit is over: by the link alone it tells the state, and of nobody."""

import json
from typing import Any

import pytest

from consults import codes
from consults.models import Encounter, LeaveCode
from consults.services.after import ask_for_code, enter_code
from scheduling import links
from tests.integration.signaling.house import Page, Visit, cookie, do

pytestmark = pytest.mark.django_db(transaction=True)


def private_of(visit: Visit) -> tuple[str, ...]:
    """What a link alone must not tell once the visit is over."""
    encounter = visit.encounter
    people = (encounter.patient.full_name, encounter.patient.given_name, encounter.practitioner.family_name)
    return (*people, str(encounter.practitioner.uuid), encounter.appointment.starts_at.isoformat(), "Take it every day")


@pytest.mark.parametrize("end", ["finish", "cancel"])
async def test_socket_tells_nobodys_name_no_time_and_no_chat_of_a_visit_that_is_over(
    visit: Visit, app: Any, end: str
) -> None:
    await do(visit.begin)
    await (await visit.patient_page(app).enter()).say_chat("Take it every day")
    if end == "finish":
        await do(visit.finish)
    else:
        await do(Encounter.objects.filter(pk=visit.encounter.pk).update, status="cancelled")
    page = await visit.patient_page(app).open()
    welcome = await page.hello()
    assert welcome["chat"] == []
    assert await page.closed() == 4004
    told = json.dumps(page.heard)
    assert [private for private in private_of(visit) if private in told] == []
    shown = welcome["visit"]
    assert (shown["opens_at"], shown["starts_at"], shown["told"], shown["started_at"]) == ("", "", "", None)


async def test_page_that_was_open_learns_the_end_and_by_it_nobodys_name(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    await page.say_chat("Take it every day")
    await do(visit.finish)
    last = await page.hear("visit", lambda m: m["visit"]["status"] == "finished")
    assert (last["visit"]["state"], last["visit"]["patient"]["name"]) == ("ended", "")
    assert await page.closed() == 4004
    assert [private for private in private_of(visit) if private in json.dumps(last)] == []


async def test_socket_of_who_has_entered_the_code_is_told_whose_visit_it_was(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    await (await visit.patient_page(app).enter()).say_chat("Take it every day")
    await do(visit.finish)
    path, value = f"/v/{visit.link.uuid}/ws", links.session_cookie_for(visit.link)
    actor = await do(links.actor_for_cookie, path, {links.COOKIE_NAME: value})
    rows = Encounter.objects.select_related("patient", "appointment", "organization")
    ended = await do(rows.get, pk=visit.encounter.pk)
    await do(ask_for_code, actor=actor, encounter=ended)
    row = await do(LeaveCode.objects.get, encounter=ended)
    await do(enter_code, actor=actor, encounter=ended, typed=codes.code_of(row))
    welcome = await (await Page(app, path, cookie(links.COOKIE_NAME, value)).open()).hello()
    assert welcome["visit"]["patient"]["name"] == visit.encounter.patient.full_name
    assert [line["body"] for line in welcome["chat"]] == ["Take it every day"]
    # Another session of the same link has shown nothing.
    assert (await (await visit.patient_page(app).open()).hello())["chat"] == []
