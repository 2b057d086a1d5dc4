"""The socket of all lines of a clinic: who may watch, one rendering for all, and every change of any line."""

import datetime as dt
import re
from typing import Any

import pytest

from accounts.models import RoleAssignment
from accounts.roles import Role
from consults import services
from consults.services.line import offer_unadmit
from consults.services.notes import put_note
from scheduling.services.lateness import tell_late
from signaling import boards
from signaling.limits import Timing
from telehealth.language import SpokenTo
from tests.factories import make_practitioner, make_user, make_waiting_visit, staff_actor
from tests.integration.signaling.house import Page, Visit, do, signed_in, sockets

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/staff/clinic/ws"
TOLD_WITHIN = 2.0


async def watching(app: Any, headers: Any) -> Page:
    page = await Page(app, PATH, headers).open()
    await page.hear("queue")
    return page


async def test_change_of_any_line_comes_to_everybody_in_one_rendering(
    visit: Visit, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    render = boards.render_clinic
    monkeypatch.setattr(boards, "render_clinic", lambda actor: made.append(1) or render(actor))
    desk = await do(signed_in, visit.desk)
    pages = [await watching(app, desk) for _ in range(3)]
    made.clear()
    await do(visit.arrive)
    heard = [await page.hear("queue", lambda m: m["waiting"] == 1) for page in pages]
    assert all(one == heard[0] for one in heard)
    assert visit.encounter.patient.full_name in heard[0]["html"]
    assert len(made) == 1

    def another() -> Any:
        doctor = make_practitioner(visit.encounter.organization)
        return make_waiting_visit(practitioner=doctor, starts_at=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=3))

    await do(another)
    both = await pages[0].hear("queue", lambda m: m["waiting"] == 2)
    assert both["version"] > heard[0]["version"]


async def test_note_is_on_the_board_of_all_lines_at_once(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    page = await watching(app, await do(signed_in, visit.desk))
    desk = await do(staff_actor, Role.FRONT_DESK, organization=visit.encounter.organization)
    await do(put_note, actor=desk, encounter=visit.encounter, text="hears well")
    await page.hear("queue", lambda m: "Desk: hears well" in m["html"])


async def test_board_is_open_to_the_desk_only(visit: Visit, app: Any, doctor: Any) -> None:
    clinic = visit.encounter.organization
    for role in (Role.SCHEDULER, Role.ADMINISTRATOR):
        await watching(app, await do(signed_in, await do(make_user, clinic, role)))
    privacy = await do(signed_in, await do(make_user, clinic, Role.PRIVACY_OFFICER))
    for headers in (doctor, privacy, []):
        page = await Page(app, PATH, headers).open()
        assert (await page.next())["code"] == "not_found"
        assert await page.closed() == 4003


async def test_lost_role_closes_the_board(visit: Visit) -> None:
    headers = await do(signed_in, visit.desk)
    page = await Page(sockets(timing=Timing(ping_every=0.1)), PATH, headers).open()
    await page.hear("queue")
    await do(RoleAssignment.objects.filter(user=visit.desk).delete)
    assert (await page.refused())["code"] == "not_found"
    assert await page.closed() == 4003


async def test_lateness_told_from_a_board_reaches_who_waits_within_two_seconds(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    before = page.heard[0]["visit"]["told"]
    practitioner = visit.encounter.practitioner
    began = dt.datetime.now(dt.UTC)
    await do(tell_late, actor=visit.doctor_actor, practitioner=practitioner, minutes=15, move=False)
    told = (await page.hear("visit", lambda m: m["visit"]["told"] != before))["visit"]
    assert (dt.datetime.now(dt.UTC) - began).total_seconds() < TOLD_WITHIN
    assert told["wait"]["late_minutes"] == 15


async def test_call_by_mistake_undone_reaches_the_patient_as_waiting(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    before = page.heard[0]["visit"]["told"]

    def called_and_undone() -> None:
        called = services.admit_patient(actor=visit.doctor_actor, encounter=visit.encounter)
        services.undo(actor=visit.doctor_actor, token=offer_unadmit(visit.doctor_actor, called))

    await do(called_and_undone)
    again = (await page.hear("visit", lambda m: m["visit"]["version"] > page.heard[0]["visit"]["version"] + 1))["visit"]
    assert (again["status"], again["told"], again["line"]["position"]) == ("arrived", before, 1)


async def test_everybody_reads_the_board_in_their_own_language(visit: Visit, app: Any) -> None:
    """Two who read the same language share one rendering; the same board in another language is another."""
    desk = await do(signed_in, visit.desk)
    spanish = [*desk, (b"accept-language", b"es-MX,es;q=0.9")]
    heard = {}
    for name, headers in (("English", desk), ("Spanish", spanish)):
        page = await Page(SpokenTo(app), PATH, headers).open()
        await do(visit.arrive) if not heard else None
        heard[name] = await page.hear("queue", lambda m: m["waiting"] == 1)
    states = {name: re.findall(r"<span>(Waiting|Espera)", message["html"]) for name, message in heard.items()}
    assert states == {"English": ["Waiting"], "Spanish": ["Espera"]}
