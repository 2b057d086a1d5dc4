"""Two people in a call for the tests of the rescue ladder: one who listens as a browser does, one who sends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from relay import rtcp
from tests.relay.house import House
from tests.relay.listener import Listener, sender_report
from tests.relay.peer import Peer, rtp, video


class Visit:
    """A doctor who listens as a browser does, a patient who sends, and their room."""

    def __init__(self, house: House, doctor: Listener, patient: Peer) -> None:
        self.house = house
        self.doctor = doctor
        self.patient = patient
        self.number = 100

    @property
    def receiver(self) -> Any:
        peer = self.house.relay.board.rooms[self.house.room].seats[self.house.seat("doctor")].peer
        assert peer is not None
        return peer.receiver

    def speak(self, count: int = 1) -> None:
        for _ in range(count):
            self.number += 1
            self.patient.send(rtp(self.patient.ssrcs["audio"], self.number, b"voice"))

    def show(self, descriptor: bytes = b"", key: bool = False) -> None:
        self.number += 1
        camera = self.patient.ssrcs["camera"]
        if descriptor:
            self.patient.send(rtp(camera, self.number, descriptor + b"\x01picture", 96))
        else:
            self.patient.send(video(camera, self.number, b"picture", key))

    async def passed(self) -> None:
        """What was sent until now has been through the relay."""
        await self.patient.check()
        await self.doctor.check()

    async def until(self, done: Callable[[], Any], again: Callable[[], None], step: float = 0.25) -> None:
        """Do `again` and let the relay's clock go on, until `done`."""
        for _ in range(100):
            again()
            await self.passed()  # consent goes on
            self.house.skew += step
            with contextlib.suppress(TimeoutError):
                await self.doctor.changes.until(done, 0.12)
                return
        raise AssertionError("it never came")

    def on(self, rung: str) -> Callable[[], bool]:
        return lambda: self.receiver.rung.label == rung

    async def fall(self, rung: str, estimate: int) -> None:
        """The doctor's line carries only so much, by its own word and some losses."""
        self.doctor.report(2_000_000)

        def suffer() -> None:
            self.speak(20)
            self.doctor.report(estimate, lost={self.patient.ssrcs["audio"]: 1})

        await self.until(self.on(rung), suffer)
        for about in ("doctor", "patient"):
            await self.house.web.expect("rung", about=self.house.seat("doctor"), rung=rung, **self.house.at(about))


async def met(house: House, doctor: Listener) -> Visit:
    """Both in the call, and a first picture and word passed."""
    await house.join("doctor", peer=doctor)
    patient = await house.join("patient")
    await house.sync()
    await house.settle()
    visit = Visit(house, doctor, patient)
    visit.speak()
    visit.show(key=True)
    patient.send_report(sender_report(patient.ssrcs["camera"]))
    await doctor.changes.until(lambda: len(doctor.packets) == 2 and any(rtcp.parse(r).reports for r in doctor.reports))
    return visit
