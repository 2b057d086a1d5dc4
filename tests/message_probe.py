"""A kind of message for tests of the outbox itself, and workers that are killed. Holds no test.

What it is about is cancelled when a row says so: other processes see it too.
"""

import os
import signal
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from core.clock import now
from notifications import kinds, rendering
from notifications.channels import Parcel, sink
from notifications.kinds import Group, Kind, Letter, Skip
from notifications.models import Beat, Channel, Message
from notifications.services import claims, sending

NAME = "test.probe"
# Between any two of these a worker may be killed: what is patched there, and whether before or after it ran.
POINTS = ("claimed", "read", "looked", "carried", "written")


def cancel(about: uuid.UUID) -> None:
    Beat.objects.create(name=str(about), at=now())


def look(message: Message) -> Letter | Skip:
    return Skip("cancelled") if Beat.objects.filter(name=str(message.about)).exists() else Letter({})


PROBE = Kind(NAME, "A probe", Group.REMINDERS, look, lambda: Letter({}), urgent=True)
QUIET = Kind("test.quiet", "A quiet probe", Group.REMINDERS, look, lambda: Letter({}))


def parcel(message: Message, kind: Kind, letter: Letter, address: str) -> Parcel:
    return Parcel(message.key, message.channel, message.organization_id, address, "en", "A visit", "You have a visit.")


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test: the kinds, and words that need no template."""
    for kind in (PROBE, QUIET):
        monkeypatch.setitem(kinds._kinds, kind.name, kind)
    monkeypatch.setattr(rendering, "parcel", parcel)


def fork(work: Callable[[], object]) -> int:
    """Run this in a process of its own; its id."""
    for connection in connections.all():
        connection.close()
        if connection.vendor == "postgresql":
            # Its threads would be missing in the child, and its connections shared.
            connection.close_pool()  # type: ignore[attr-defined]
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def killed_worker(point: str, after: int = 1, channel: str = Channel.EMAIL) -> int:
    """A worker that is killed the `after`th time it comes to this point; its id."""

    def work() -> None:
        left = [after]
        arm(point, left)
        sending.send_due(channel)

    return fork(work)


def arm(point: str, left: list[int]) -> None:
    """In a process that is to die: let it die there."""

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            answer = real(*given, **named)
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return called

    where: dict[str, tuple[Any, str]] = {
        "claimed": (sending, "claim_due"),
        "read": (claims.Batch, "take"),
        "looked": (sending.rendering, "parcel"),
        "carried": (sink.SinkCarrier, "carry"),
        "written": (sending, "end"),
    }
    owner, name = where[point]
    setattr(owner, name, dying(getattr(owner, name)))


def ended(pid: int) -> int:
    """Wait for it; the signal that ended it, 0 for none. A worker that raised fails the test."""
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code <= 0, "a worker raised"
    return -code
