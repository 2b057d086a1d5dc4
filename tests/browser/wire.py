"""Stands between a page and its visit socket: adds people and says what a relay would. Holds no test."""

import json
import re
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

# What a relay says of lines: on a busy machine it would speak between the words of a test.
MEASURED = ("rung", "stills", "still", "figures")
FACES = ("face-han", "face-int", "face-otto", "face-tom", "face-yuki", "face-petra")


def guest(number: int, **change: Any) -> dict[str, Any]:
    """Somebody else in the visit, as a snapshot names them."""
    return {
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "label": f"Guest {number}",
        "role": "guest",
        "you": False,
        "connected": True,
        "mic": True,
        "camera": True,
        "screen": False,
        "face": FACES[number % len(FACES)],
        **change,
    }


def recording(state: str = "none", **change: Any) -> dict[str, Any]:
    """The recording of a visit, as a snapshot tells it to who has agreed, of two people."""
    return {
        "state": state,
        "on": state == "recording",
        "agreed": 2,
        "of": 2,
        "mine": "permit",
        "asked": False,
        "erasable": None,
        "problem": "consent" if state == "waiting" else None,
        "until": None,
        "may_start": False,
        "since": None,
        **change,
    }


class Wire:
    """One page's socket. `guests` and `recording` stand in each snapshot; what the relay says is dropped."""

    def __init__(self, page: Page) -> None:
        self.guests: list[dict[str, Any]] = []
        self.recording: dict[str, Any] | None = None
        """In place of what the server says of the recording, if set."""
        self.sent: list[dict[str, Any]] = []
        self._page = page
        self._visit: dict[str, Any] = {}
        self._socket: WebSocketRoute | None = None
        self._is_cut = False
        # Not that of the trial before the visit, which would stand in its place.
        page.route_web_socket(re.compile(r"(?<!/trial)/ws$"), self._connected)

    def cut(self) -> None:
        """No socket for this page, until `mend`."""
        self._is_cut = True
        assert self._socket is not None
        self._socket.close(code=1012)

    def mend(self) -> None:
        self._is_cut = False

    def _connected(self, socket: WebSocketRoute) -> None:
        if self._is_cut:
            socket.close(code=1012)
            return
        self._socket = socket
        server = socket.connect_to_server()

        def down(text: str | bytes) -> None:
            if json.loads(text)["type"] not in MEASURED:
                socket.send(self._with_guests(text))

        def up(text: str | bytes) -> None:
            self.sent.append(json.loads(text))
            server.send(text)

        server.on_message(down)
        socket.on_message(up)

    def _with_guests(self, text: str | bytes) -> str:
        message = json.loads(text)
        if "visit" in message:
            self._visit = message["visit"]
            message["visit"] = self._snapshot()
        return json.dumps(message)

    def _snapshot(self) -> dict[str, Any]:
        recording = self.recording or self._visit["recording"]
        return {**self._visit, "seats": [*self._visit["seats"], *self.guests], "recording": recording}

    def forget(self) -> None:
        """Nobody is made up any more, nothing is cut off, and nothing was sent."""
        self.guests, self.recording = [], None
        self.sent.clear()
        self.mend()

    def seat(self, role: str) -> str:
        """The seat of the patient or the practitioner."""
        [seat] = [seat["id"] for seat in self._visit["seats"] if seat["role"] == role]
        return str(seat)

    def wait_for_sent(self, kind: str) -> dict[str, Any]:
        """The first message of this type that the page sends, or has sent."""
        while not (found := [message for message in self.sent if message["type"] == kind]):
            self._page.wait_for_function(
                "(at) => performance.now() > at + 100", arg=self._page.evaluate("performance.now()")
            )
        return found[0]

    def refresh(self) -> None:
        """Send the snapshot again, with the guests of now."""
        self.say("visit", visit=self._snapshot())

    def say(self, kind: str, **fields: Any) -> None:
        """A message as if the server had sent it."""
        assert self._socket is not None
        self._socket.send(json.dumps({"type": kind, **fields}))
