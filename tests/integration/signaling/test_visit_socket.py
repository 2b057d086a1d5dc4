"""The visit socket: getting in, hello, snapshots, chat, seats and the end. Media is in test_media.py."""

import asyncio
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from accounts.roles import Role
from consults import services
from consults.models import ChatMessage, Seat
from core.clock import now
from scheduling import links
from scheduling.models import Appointment
from scheduling.services import cancel_appointment, reissue_link, revoke_link
from signaling import together, visits
from signaling.limits import Timing
from tests.factories import make_practitioner, make_user
from tests.integration.signaling.house import Page, Visit, cookie, do, signed_in, sockets

pytestmark = pytest.mark.django_db(transaction=True)


# --- getting in ---


async def test_socket_by_link_is_open_to_its_person(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).open()
    welcome = await page.hello()
    assert welcome["protocol"] == 1
    assert welcome["tab"] == str(page.tab)
    assert welcome["ping_every"] == 10
    assert welcome["visit"]["id"] == visit.room
    assert welcome["visit"]["status"] == "planned"
    assert welcome["chat"] == []


async def refused_at_the_door(page: Page) -> None:
    await page.open()
    assert (await page.next())["code"] == "not_found"
    assert await page.closed() == 4003


async def test_socket_by_link_is_closed_to_everybody_else(visit: Visit, app: Any, doctor: Any) -> None:
    other = await do(Visit.booked)
    path = f"/v/{visit.link.uuid}/ws"
    foreign = links.session_cookie_for(other.link)
    for headers in ([], doctor, cookie(links.COOKIE_NAME, foreign), cookie(links.COOKIE_NAME, "made-up")):
        await refused_at_the_door(Page(app, path, headers))
    await refused_at_the_door(Page(app, f"/v/{uuid.uuid4()}/ws", cookie(links.COOKIE_NAME, foreign)))


async def test_call_socket_is_open_to_its_practitioner_only(visit: Visit, app: Any, doctor: Any) -> None:
    page = await visit.doctor_page(app, headers=doctor).enter()
    assert page.heard[0]["visit"]["id"] == visit.room
    colleague: User = (await do(make_practitioner, visit.encounter.organization)).user
    stranger: User = (await do(make_practitioner)).user
    admin = await do(make_user, visit.encounter.organization, Role.ADMINISTRATOR)
    for user in (colleague, stranger, admin, visit.desk):
        await refused_at_the_door(visit.doctor_page(app, headers=await do(signed_in, user)))
    await refused_at_the_door(visit.doctor_page(app, headers=[]))
    patient = cookie(links.COOKIE_NAME, links.session_cookie_for(visit.link))
    await refused_at_the_door(visit.doctor_page(app, headers=patient))
    await refused_at_the_door(Page(app, f"/staff/visits/{uuid.uuid4()}/ws", doctor))


async def test_socket_without_records_is_closed_to_try_later(
    visit: Visit, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(together, "own_visits", away)
    assert await (await visit.patient_page(app).open()).closed() == 1013


# --- hello ---


async def test_every_message_before_hello_is_out_of_order(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).open()
    connection = str(uuid.uuid4())
    for kind, fields in {
        "connect": {},
        "answer": {"connection": connection, "offer": 1, "sdp": "v=0"},
        "restart-ice": {"connection": connection},
        "media": {"mic": True, "camera": True},
        "share": {"on": True},
        "still": {"jpeg": "/9j/"},
        "chat": {"client_id": connection, "body": "x"},
        "chat-since": {"seq": 0},
        "leave": {},
    }.items():
        await page.say(kind, **fields)
        error = await page.refused()
        assert (error["code"], error["about"]) == ("out_of_order", kind)
    assert (await page.hello())["type"] == "welcome"


async def test_second_hello_is_out_of_order(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).enter()
    await page.say("hello", protocol=1, tab=str(page.tab), chat_seq=0)
    assert (await page.refused())["code"] == "out_of_order"


async def test_hello_of_another_protocol_is_closed(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).open()
    await page.say("hello", protocol=2, tab=str(page.tab), chat_seq=0)
    assert (await page.refused())["code"] == "unsupported_protocol"
    assert await page.closed() == 4000


async def test_socket_that_never_says_hello_is_closed(visit: Visit) -> None:
    page = await visit.patient_page(sockets(timing=Timing(hello_within=0.05))).open()
    assert (await page.refused())["code"] == "out_of_order"
    assert await page.closed() == 4000


# --- seats ---


async def test_patient_watches_before_arrival_and_sits_afterwards(visit: Visit, app: Any) -> None:
    early = await visit.patient_page(app).open()
    assert (await early.hello())["seat"] is None
    await do(visit.arrive)
    assert (await early.hear("visit", lambda m: m["visit"]["status"] == "arrived"))["visit"]["line"]["position"] == 1
    waiting = await visit.patient_page(app).open()
    welcome = await waiting.hello()
    assert [seat["id"] for seat in welcome["visit"]["seats"] if seat["you"]] == [welcome["seat"]]


async def test_doctor_sits_only_in_the_call(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.arrive)
    watching = await visit.doctor_page(app, headers=doctor).open()
    assert (await watching.hello())["seat"] is None
    await do(visit.admit)
    assert (await (await visit.doctor_page(app, headers=doctor).open()).hello())["seat"] is not None


async def test_newest_tab_takes_the_seat_and_the_old_one_says_so(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    old = await visit.patient_page(app).enter()
    new = await visit.patient_page(app).enter()
    await old.hear("seat-taken")
    assert await old.closed() == 4001
    await old.hang_up()
    seat = await do(Seat.objects.get, encounter=visit.encounter)
    assert seat.connected
    await new.say("media", mic=False, camera=True)
    snapshot = await new.hear("visit", lambda m: not m["visit"]["seats"][0]["mic"])
    assert snapshot["visit"]["seats"][0]["connected"]


async def test_seat_taken_in_another_process_is_found_by_the_hint(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    await do(
        services.take_seat, actor=await do(lambda: visit.patient_actor), encounter=visit.encounter, holder=uuid.uuid4()
    )
    await page.hear("seat-taken")
    assert await page.closed() == 4001


async def test_same_tab_takes_its_seat_back_from_its_half_open_socket(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    half_open = await visit.patient_page(app).enter()
    again = await visit.patient_page(app, tab=half_open.tab).enter()
    assert again.heard[0]["seat"] == half_open.heard[0]["seat"]
    assert await half_open.closed() == 4001
    await half_open.hang_up()
    assert (await do(Seat.objects.get, encounter=visit.encounter)).connected


async def test_seat_of_a_closed_tab_shows_as_away(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.begin)
    patient = await visit.patient_page(app).enter()
    page = await visit.doctor_page(app, headers=doctor).enter()
    await patient.hang_up()
    snapshot = await page.hear("visit", lambda m: any(not seat["connected"] for seat in m["visit"]["seats"]))
    assert [seat["role"] for seat in snapshot["visit"]["seats"] if not seat["connected"]] == ["patient"]


async def test_leave_gives_the_seat_back_and_the_socket_watches_on(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    await page.say("leave")
    await page.hear("visit", lambda m: m["visit"]["seats"] == [])
    await page.say("media", mic=True, camera=True)
    assert (await page.refused())["code"] == "no_seat"
    await page.say("leave")
    await do(visit.finish)
    await page.hear("visit", lambda m: m["visit"]["status"] == "finished")
    assert [m for m in page.heard if m["type"] == "error"][1:] == []


async def test_patient_back_from_the_waiting_room_watches_on(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    await do(services.leave_waiting_room, actor=await do(lambda: visit.patient_actor), encounter=visit.encounter)
    assert await page.hear("visit", lambda m: m["visit"]["status"] == "planned")
    await page.say("ping", n=1)
    assert (await page.hear("pong"))["n"] == 1


async def test_media_is_told_to_the_others_and_needs_a_seat(visit: Visit, app: Any, doctor: Any) -> None:
    watching = await visit.patient_page(app).enter()
    await watching.say("media", mic=False, camera=False)
    assert (await watching.refused())["code"] == "no_seat"
    await do(visit.begin)
    patient = await visit.patient_page(app).enter()
    page = await visit.doctor_page(app, headers=doctor).enter()
    await patient.say("media", mic=False, camera=True)
    snapshot = await page.hear("visit", lambda m: any(not seat["mic"] for seat in m["visit"]["seats"]))
    assert [(seat["mic"], seat["camera"]) for seat in snapshot["visit"]["seats"] if seat["role"] == "patient"] == [
        (False, True)
    ]


async def test_lost_hint_costs_one_heartbeat(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await visit.patient_page(sockets(timing=Timing(ping_every=0.1))).enter()
    monkeypatch.setattr("consults.hints.send", lambda *every: None)
    await do(visit.arrive)
    assert (await page.hear("visit", lambda m: m["visit"]["status"] == "arrived"))["visit"]["line"]["waiting"] == 1


# --- the end ---


async def test_finished_visit_is_told_and_then_closed(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.begin)
    both = [await visit.patient_page(app).enter(), await visit.doctor_page(app, headers=doctor).enter()]
    await do(visit.finish)
    for page in both:
        await page.hear("visit", lambda m: m["visit"]["status"] == "finished")
        assert await page.closed() == 4004


async def test_early_page_learns_that_the_visit_was_cancelled(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).enter()
    await do(cancel_appointment, actor=visit.doctor_actor, appointment=visit.encounter.appointment, reason="ill")
    await page.hear("visit", lambda m: m["visit"]["status"] == "cancelled")
    assert await page.closed() == 4004


async def test_socket_to_a_visit_that_is_over_is_told_and_closed(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    await do(visit.finish)
    page = await visit.patient_page(app).open()
    welcome = await page.hello()
    assert (welcome["visit"]["status"], welcome["visit"]["state"], welcome["seat"]) == ("finished", "ended", None)
    assert await page.closed() == 4004


@pytest.mark.parametrize("close", [revoke_link, reissue_link])
async def test_closed_link_closes_its_sockets_at_once(visit: Visit, app: Any, close: Any) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    await do(close, actor=visit.doctor_actor, link=visit.link)
    assert (await page.refused())["code"] == "not_found"
    assert await page.closed() == 4003


async def test_message_over_a_revoked_link_does_nothing(
    visit: Visit, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    monkeypatch.setattr("consults.hints.send", lambda *every: None)
    await do(revoke_link, actor=visit.doctor_actor, link=visit.link)
    await page.say("chat", client_id=str(uuid.uuid4()), body="still here?")
    assert (await page.refused())["code"] == "not_found"
    assert await page.closed() == 4003
    assert await do(ChatMessage.objects.count) == 0


async def test_sign_out_closes_the_doctors_sockets(visit: Visit, app: Any, doctor: Any) -> None:
    from django.conf import settings as django_settings
    from django.test import Client

    await do(visit.begin)
    page = await visit.doctor_page(app, headers=doctor).enter()

    def sign_out() -> None:
        client = Client()
        name = django_settings.SESSION_COOKIE_NAME
        client.cookies[name] = doctor[0][1].decode().removeprefix(f"{name}=")
        assert client.post("/accounts/logout/").status_code == 302

    await do(sign_out)
    assert (await page.refused())["code"] == "not_found"
    assert await page.closed() == 4003


async def test_forgotten_waiter_is_told_late_and_let_go(visit: Visit) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(sockets(timing=Timing(ping_every=0.1))).open()
    welcome = await page.hello()
    assert (welcome["seat"] is not None, welcome["visit"]["state"]) == (True, "waiting")
    hours = timedelta(hours=13)
    times = {"starts_at": now() - hours, "ends_at": now() - hours + timedelta(minutes=20)}
    await do(Appointment.objects.filter(pk=visit.encounter.appointment_id).update, **times)
    late = await page.hear("visit", lambda message: message["visit"]["state"] == "late")
    assert late["visit"]["status"] == "arrived"
    assert await page.closed() == 4004
    again = await visit.patient_page(sockets()).open()
    assert (await again.hello())["seat"] is None
    assert await again.closed() == 4004


async def test_disabled_user_is_out_by_the_next_heartbeat(visit: Visit, doctor: Any) -> None:
    page = await visit.doctor_page(sockets(timing=Timing(ping_every=0.1)), headers=doctor).enter()
    await do(User.objects.filter(pk=visit.doctor.pk).update, is_active=False)
    assert await page.closed() == 4003


async def test_records_away_costs_an_error_and_not_the_socket(
    visit: Visit, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()

    def away(*args: Any) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(visits, "post_chat", away)
        await page.say("chat", client_id=str(uuid.uuid4()), body="x")
        assert (await page.refused())["code"] == "unavailable"
    assert (await page.say_chat("back"))["seq"] == 1


async def test_fault_of_ours_is_an_error_and_not_the_end(
    visit: Visit, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()

    def broken(*args: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(visits, "set_media", broken)
        await page.say("media", mic=True, camera=True)
        assert (await page.refused())["code"] == "internal"
    await page.say("ping", n=7)
    assert (await page.hear("pong"))["n"] == 7


# --- heartbeat ---


async def test_ping_is_answered_and_the_server_pings_too(visit: Visit) -> None:
    page = await visit.patient_page(sockets(timing=Timing(ping_every=0.05))).open()
    await page.say("ping", n=41)
    pong = await page.hear("pong")
    assert (pong["n"], "server_time" in pong) == (41, True)
    assert (await page.hear("ping"))["n"] >= 1
    await page.say("pong", n=1)


async def test_silent_socket_is_dropped(visit: Visit) -> None:
    page = await visit.patient_page(sockets(timing=Timing(silence=0.2, ping_every=0.05))).enter()
    assert await page.closed() == 4010


async def test_talking_socket_is_not_dropped(visit: Visit) -> None:
    clock = Clock()
    page = await visit.patient_page(sockets(timing=Timing(silence=30, ping_every=0.02, clock=clock))).enter()
    for _ in range(5):
        clock.step(20)
        await page.say("ping", n=1)
        await page.hear("pong")
    clock.step(31)
    assert await page.closed() == 4010


class Clock:
    """Runs as in life, and can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return asyncio.get_event_loop_policy().get_event_loop().time() + self.ahead

    def step(self, seconds: float) -> None:
        self.ahead += seconds


async def test_patient_learns_counts_only_of_other_visits(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).enter()
    told = "id version status state server_time opens_at starts_at told started_at wait kept desk group patient"
    assert set(page.heard[0]["visit"]) == {*told.split(), "practitioner", "line", "seats", "recording"}
    assert set(page.heard[0]["visit"]["line"]) == {"position", "waiting", "now"}
    assert page.heard[0]["visit"]["group"] is None
    assert json.dumps(page.heard[0]).count(visit.encounter.patient.family_name) == 1
