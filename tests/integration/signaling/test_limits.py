"""Limits of one socket and one person: size, rate, count, and readers that are too slow."""

import asyncio
from typing import Any

import pytest

from signaling.limits import Bucket, Limits, Meter, TokenBucket
from signaling.messages import Rate, client_messages
from signaling.outbox import Outbox
from tests.integration.signaling.house import Visit, do, sockets


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(Bucket(3, 2), clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.now += 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    clock.now += 100
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_pressing_share_without_end_costs_no_other_message_and_no_other_costs_a_share() -> None:
    clock = Clock()
    meter = Meter(Limits(strikes=Bucket(1000, 1)), clock)
    assert sum(meter.allow(Rate.SHARE) for _ in range(100)) == 6
    assert sum(meter.allow(Rate.CONTROL) for _ in range(100)) == 30
    clock.now += 5
    assert [meter.allow(Rate.SHARE) for _ in range(2)] == [True, False]
    assert client_messages("visit")["share"].rate is Rate.SHARE


def test_meter_forgives_a_burst_and_calls_the_rest_abuse() -> None:
    clock = Clock()
    meter = Meter(Limits(strikes=Bucket(2, 1)), clock)
    allowed = sum(meter.allow(Rate.CHAT) for _ in range(12))
    assert (allowed, meter.abused) == (10, False)
    meter.allow(Rate.CHAT)
    assert meter.abused


async def test_outbox_writes_in_order_and_then_closes() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message.get("text") or message["code"])

    outbox = Outbox(send, 10)
    outbox.start()
    for frame in ("a", "b", "c"):
        outbox.put(frame)
    outbox.close(4004)
    outbox.put("late")
    await outbox.done.wait()
    assert sent == ["a", "b", "c", 4004]
    await outbox.stop()


async def test_outbox_of_a_slow_reader_keeps_the_newest_snapshot_and_never_grows() -> None:
    reading, both = asyncio.Event(), asyncio.Event()
    sent: list[str] = []

    async def send(message: Any) -> None:
        await reading.wait()
        sent.append(message["text"])
        if len(sent) == 2:
            both.set()

    outbox = Outbox(send, 4)
    outbox.start()
    outbox.put("first")
    await asyncio.sleep(0)
    for number in range(100):
        outbox.put(f"board {number}", key="queue")
    assert not outbox.overflowed
    reading.set()
    await both.wait()
    assert sent == ["first", "board 99"]
    reading.clear()
    for number in range(10):
        outbox.put(f"chat {number}")
    assert outbox.overflowed
    assert outbox.done.is_set()
    await outbox.stop()


@pytest.mark.django_db(transaction=True)
async def test_flood_is_dropped_then_closed_and_the_other_socket_goes_on(visit: Visit, app: Any, doctor: Any) -> None:
    await do(visit.begin)
    flooder = await visit.patient_page(app).enter()
    page = await visit.doctor_page(app, headers=doctor).enter()
    for number in range(400):
        await flooder.say("ping", n=number)
    assert (await flooder.refused())["code"] == "rate_limited"
    assert await flooder.closed() == 4008
    assert (await page.say_chat("still here"))["seq"] == 1


@pytest.mark.django_db(transaction=True)
async def test_message_over_its_rate_is_dropped_and_named(visit: Visit) -> None:
    await do(visit.begin)
    buckets = {**Limits().buckets, Rate.CHAT: Bucket(2, 0)}
    page = await visit.patient_page(sockets(limits=Limits(buckets=buckets))).enter()
    for number in range(2):
        await page.say_chat(f"line {number}")
    await page.say("chat", client_id=str(page.tab), body="too much")
    error = await page.refused()
    assert (error["code"], error["about"], error["client_id"]) == ("rate_limited", "chat", str(page.tab))
    await page.say("ping", n=1)
    await page.hear("pong")


@pytest.mark.django_db(transaction=True)
async def test_fifth_socket_of_a_person_closes_the_oldest(visit: Visit, app: Any, doctor: Any) -> None:
    first, *others = [await visit.patient_page(app).enter() for _ in range(4)]
    page = await visit.doctor_page(app, headers=doctor).enter()
    fifth = await visit.patient_page(app).enter()
    assert (await first.refused())["code"] == "too_many_sockets"
    assert await first.closed() == 4008
    for socket in (*others, fifth, page):
        await socket.say("ping", n=5)
        assert (await socket.hear("pong"))["n"] == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("frame", ["x" * 65_537, "é" * 32_769])
async def test_frame_over_64_kilobytes_closes_the_socket(visit: Visit, app: Any, frame: str) -> None:
    page = await visit.patient_page(app).open()
    await page.say_raw(frame)
    assert await page.closed() == 1009


@pytest.mark.django_db(transaction=True)
async def test_frame_of_64_kilobytes_is_read(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).open()
    await page.say_raw("x" * 65_536)
    assert (await page.refused())["code"] == "malformed"
