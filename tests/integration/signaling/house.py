"""A visit with its people, their sockets, and the far end of a control link, for the tests beside it. Holds no test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.urls import path

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from consent.selectors import current_text
from consent.services import give_consent
from consults import services
from consults.models import Encounter, Queue
from core.clock import now
from scheduling import links
from scheduling.models import PersonalLink
from scheduling.services import book_appointment
from signaling.consumers.calendar import CalendarConsumer
from signaling.consumers.clinic import ClinicConsumer
from signaling.consumers.queue import QueueConsumer
from signaling.consumers.trial import TrialConsumer
from signaling.consumers.visit import VisitConsumer
from signaling.limits import Bucket, Limits
from signaling.messages import Rate
from tests.factories import SYSTEM, make_organization, make_patient, make_practitioner, make_user, practitioner_actor

PATIENCE = 30.0
UNLIMITED = Limits(buckets={rate: Bucket(1e9, 1e9) for rate in Rate})
Wire = dict[str, Any]


def sockets(**options: Any) -> URLRouter:
    """The sockets with other timing or limits than in life."""
    return URLRouter(
        [
            path("v/<uuid:link>/ws", VisitConsumer.as_asgi(**options)),
            path("v/<uuid:link>/trial/ws", TrialConsumer.as_asgi(**options)),
            path("staff/visits/<uuid:visit>/ws", VisitConsumer.as_asgi(**options)),
            path("staff/queue/<uuid:queue>/ws", QueueConsumer.as_asgi(**options)),
            path("staff/clinic/ws", ClinicConsumer.as_asgi(**options)),
            path("staff/calendar/ws", CalendarConsumer.as_asgi(**options)),
        ]
    )


async def do(work: Callable[..., Any], *args: Any, **fields: Any) -> Any:
    """Run a service from a test's loop, in a thread as the pages do."""
    return await database_sync_to_async(work, thread_sensitive=False)(*args, **fields)


def cookie(name: str, value: str) -> list[tuple[bytes, bytes]]:
    return [(b"cookie", f"{name}={value}".encode())]


def signed_in(user: User) -> list[tuple[bytes, bytes]]:
    client = Client()
    client.force_login(user)
    return cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)


@dataclass
class Visit:
    """A booked visit that starts now, and those who have to do with it."""

    link: PersonalLink
    encounter: Encounter
    doctor: User
    doctor_actor: Actor
    desk: User

    @classmethod
    def booked(cls) -> Visit:
        clinic = make_organization()
        practitioner = make_practitioner(clinic)
        patient = make_patient(clinic)
        start = now() + timedelta(minutes=2)
        appointment = book_appointment(
            actor=SYSTEM,
            patient=patient,
            practitioner=practitioner,
            starts_at=start,
            ends_at=start + timedelta(minutes=20),
            timezone="UTC",
        )
        people = Encounter.objects.select_related("queue", "organization", "patient", "practitioner", "appointment")
        encounter = people.get(appointment=appointment)
        link = PersonalLink.objects.get(appointment=appointment)
        desk = make_user(clinic, Role.FRONT_DESK)
        return cls(link, encounter, practitioner.user, practitioner_actor(practitioner), desk)

    @property
    def queue(self) -> Queue:
        return self.encounter.queue

    @property
    def room(self) -> str:
        return str(self.encounter.uuid)

    @property
    def patient_actor(self) -> Actor:
        cookies = {links.COOKIE_NAME: links.session_cookie_for(self.link)}
        return links.actor_for_cookie(f"/v/{self.link.uuid}/ws", cookies)

    def arrive(self) -> None:
        actor = self.patient_actor
        text = current_text(self.encounter.organization, "telehealth", "en")
        give_consent(actor=actor, patient=self.encounter.patient, purpose="telehealth", text_version=text.version)
        services.enter_waiting_room(
            actor=actor, encounter=self.encounter, place="1 High Street", callback_phone="+441632960001"
        )

    def admit(self) -> None:
        services.admit_patient(actor=self.doctor_actor, encounter=self.encounter)

    def begin(self) -> None:
        self.arrive()
        self.admit()

    def place(self, relay: str = "relay-1") -> None:
        """Put the room on a relay, as the first connect does."""
        found = Encounter.objects.get(pk=self.encounter.pk)
        services.place_visit(room=found.uuid, former=found.relay, relay=relay)

    def finish(self) -> None:
        services.finish_visit(actor=self.doctor_actor, encounter=self.encounter)

    # --- sockets ---

    def patient_page(self, app: Any, *, tab: uuid.UUID | None = None) -> Page:
        headers = cookie(links.COOKIE_NAME, links.session_cookie_for(self.link))
        return Page(app, f"/v/{self.link.uuid}/ws", headers, tab)

    def trial(self, app: Any) -> Page:
        headers = cookie(links.COOKIE_NAME, links.session_cookie_for(self.link))
        return Page(app, f"/v/{self.link.uuid}/trial/ws", headers)

    def doctor_page(self, app: Any, *, headers: list[tuple[bytes, bytes]]) -> Page:
        return Page(app, f"/staff/visits/{self.encounter.uuid}/ws", headers)

    def board(self, app: Any, *, headers: list[tuple[bytes, bytes]]) -> Page:
        return Page(app, f"/staff/queue/{self.queue.uuid}/ws", headers)


class ClosedError(Exception):
    """The socket was closed while a message was waited for."""


class Page:
    """One page's socket, as a client sees it. Opened pages are closed by the `pages` fixture."""

    opened: list[Page] = []

    def __init__(self, app: Any, path: str, headers: Any, tab: uuid.UUID | None = None) -> None:
        self.tab = tab or uuid.uuid4()
        self._communicator = WebsocketCommunicator(app, path, headers=headers)
        self.heard: list[Wire] = []
        self.code: int | None = None

    async def open(self) -> Page:
        accepted, _ = await self._communicator.connect(timeout=PATIENCE)
        assert accepted
        Page.opened.append(self)
        return self

    async def hello(self, chat_seq: int = 0) -> Wire:
        await self.say("hello", protocol=1, tab=str(self.tab), chat_seq=chat_seq)
        return await self.hear("welcome")

    async def enter(self, chat_seq: int = 0) -> Page:
        await self.open()
        await self.hello(chat_seq)
        return self

    async def say(self, kind: str, **fields: Any) -> None:
        await self._communicator.send_json_to({"type": kind, **fields})

    async def say_raw(self, text: str | None = None, data: bytes | None = None) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def next(self) -> Wire:
        output = await self._communicator.receive_output(timeout=PATIENCE)
        if output["type"] == "websocket.close":
            self.code = output["code"]
            raise ClosedError(self.code)
        message: Wire = json.loads(output["text"])
        self.heard.append(message)
        return message

    async def hear(self, kind: str, fits: Callable[[Wire], bool] = lambda message: True) -> Wire:
        """The next message of this type that fits; others are passed over (and kept in `heard`)."""
        while True:
            message = await self.next()
            if message["type"] == kind and fits(message):
                return message

    async def refused(self) -> Wire:
        return await self.hear("error")

    async def closed(self) -> int:
        while self.code is None:
            with contextlib.suppress(ClosedError):
                await self.next()
        return self.code

    async def say_chat(self, body: str, client_id: uuid.UUID | None = None) -> Wire:
        """Sends a message and waits until it is shown; returns its line."""
        sent = str(client_id or uuid.uuid4())
        await self.say("chat", client_id=sent, body=body)
        heard = await self.hear("chat", lambda m: any(line["client_id"] == sent for line in m["messages"]))
        found: Wire = next(line for line in heard["messages"] if line["client_id"] == sent)
        return found

    async def hang_up(self) -> None:
        """The network is gone, or the tab was closed."""
        if not self._communicator.future.done():
            await self._communicator.disconnect(timeout=PATIENCE)


class FarRelay:
    """The relay's end of a control link: a real Unix socket that speaks the protocol and forwards no media."""

    def __init__(self, control: Path) -> None:
        self.control = control
        self.lines: list[Wire] = []
        self._changed = asyncio.Condition()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._seen = 0
        self.greeting: Wire = {"type": "hello", "protocol": 4}
        self.ended = asyncio.Event()

    async def start(self, relay: str) -> FarRelay:
        self.relay = relay
        self.control.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.control), limit=256 * 1024)
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(json.dumps({**self.greeting, "relay": self.relay}).encode() + b"\n")
        try:
            while line := await reader.readline():
                async with self._changed:
                    self.lines.append(json.loads(line))
                    self._changed.notify_all()
        except ConnectionError:
            pass
        finally:
            self.ended.set()
            writer.close()

    async def hear(self, kind: str, fits: Callable[[Wire], bool] = lambda line: True) -> Wire:
        """The next line of this type after the one heard last."""

        def found() -> int | None:
            later = enumerate(self.lines[self._seen :], start=self._seen)
            return next((at for at, line in later if line["type"] == kind and fits(line)), None)

        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: found() is not None)
            at = found()
            assert at is not None
            self._seen = at + 1
            return self.lines[at]

    async def say(self, **line: Any) -> None:
        for writer in self._writers:
            if not writer.is_closing():
                writer.write(json.dumps(line).encode() + b"\n")
                await writer.drain()

    async def say_raw(self, line: bytes) -> None:
        for writer in self._writers:
            writer.write(line)

    async def offer(self, wish: Wire, number: int = 1, **fields: Any) -> None:
        about = {name: wish[name] for name in ("room", "seat", "connection")} | fields
        await self.say(type="offer", **about, offer=number, sdp="v=0\r\n", up={"audio": "0", "camera": "1"}, down=[])

    async def drop(self) -> None:
        """The links break; the relay lives on."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def forget(self) -> None:
        """What it heard so far is of a former life."""
        self.lines.clear()
        self._seen = 0

    async def stop(self) -> None:
        """The relay is gone, as if killed."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.drop()
        self.control.unlink(missing_ok=True)
