"""Chat over the visit socket: order, replay, and what is stored once."""

import uuid
from typing import Any

import pytest

from consults import services
from consults.models import ChatMessage
from tests.integration.signaling.house import Visit, do

pytestmark = pytest.mark.django_db(transaction=True)


async def test_chat_reaches_both_sides_in_order(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.begin)
    patient = await visit.patient_page(app).enter()
    page = await visit.doctor_page(app, headers=doctor).enter()
    sent = [await patient.say_chat(f"line {number}") for number in range(3)]
    assert [line["seq"] for line in sent] == [1, 2, 3]
    heard: list[int] = []
    while heard[-1:] != [3]:
        heard += [line["seq"] for line in (await page.hear("chat"))["messages"]]
    assert heard == [1, 2, 3]


async def test_chat_before_the_call_is_refused_with_its_client_id(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    client_id = str(uuid.uuid4())
    await page.say("chat", client_id=client_id, body="hello?")
    error = await page.refused()
    assert (error["code"], error["about"], error["client_id"]) == ("visit.not_open", "chat", client_id)


async def test_chat_sent_twice_is_stored_once_and_shown_again(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    client_id = uuid.uuid4()
    first = await page.say_chat("once", client_id)
    assert await page.say_chat("once", client_id) == first
    assert await do(ChatMessage.objects.count) == 1


async def test_chat_is_replayed_after_reconnect_without_loss_or_double(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.begin)
    patient = await visit.patient_page(app).enter()
    page = await visit.doctor_page(app, headers=doctor).enter()
    await page.say_chat("before")
    have = (await patient.hear("chat"))["messages"]
    await patient.hang_up()
    missed = [await page.say_chat(f"missed {number}") for number in range(4)]
    again = await visit.patient_page(app, tab=patient.tab).open()
    welcome = await again.hello(chat_seq=have[-1]["seq"])
    assert welcome["chat"] == missed
    after = await page.say_chat("after")
    assert (await again.hear("chat"))["messages"] == [after]


async def test_reconnect_that_missed_nothing_gets_nothing_twice(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.begin)
    page = await visit.doctor_page(app, headers=doctor).enter()
    have = [await page.say_chat(f"line {number}") for number in range(3)]
    patient = await visit.patient_page(app).open()
    assert (await patient.hello(chat_seq=have[-1]["seq"]))["chat"] == []
    after = await page.say_chat("after")
    assert (await patient.hear("chat"))["messages"] == [after]


async def test_chat_since_sends_again_what_came_after(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    lines = [await page.say_chat(f"line {number}") for number in range(3)]
    await page.say("chat-since", seq=1)
    assert (await page.hear("chat"))["messages"] == lines[1:]


async def test_long_chat_comes_in_pages_without_a_hole(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    actor = await do(lambda: visit.patient_actor)

    def fill() -> None:
        for number in range(230):
            services.post_chat(actor=actor, encounter=visit.encounter, body=f"line {number}", client_id=uuid.uuid4())

    await do(fill)
    await page.hang_up()
    again = await visit.patient_page(app).open()
    seqs = [line["seq"] for line in (await again.hello())["chat"]]
    assert len(seqs) == 100
    while seqs[-1] < 230:
        seqs += [line["seq"] for line in (await again.hear("chat"))["messages"]]
    assert seqs == list(range(1, 231))
