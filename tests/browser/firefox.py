"""Drives Firefox over WebDriver BiDi: the few verbs that a visit needs. Knows nothing of Housecall."""

import contextlib
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.browser.people import PATIENCE, asked_for_a_second

START_SECONDS = 60.0
PREFERENCES: dict[str, bool | int | str] = {
    # Made-up camera and microphone, and no question about using them.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # No background traffic: what a test hears is what the page did.
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """One tab of a headless Firefox. `errors` collects what the page wrote to the console as an error."""

    def __init__(self, socket: ClientConnection, preload: str = "") -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.errors: list[str] = []
        self._send("session.new", capabilities={})
        self._send("session.subscribe", events=["log.entryAdded"])
        self._tab = self._send("browsingContext.getTree")["contexts"][0]["context"]
        if preload:
            self._send("script.addPreloadScript", functionDeclaration=preload)

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == number:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
            self.errors.append(message["params"]["text"])

    def goto(self, address: str) -> None:
        """Open an address and wait until the page has loaded."""
        self._send("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def reload(self) -> None:
        """Load the page anew."""
        self._send("browsingContext.reload", context=self._tab, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The JSON value of an expression, awaited if it is a promise."""
        result = self._script(f"Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null))")
        return json.loads(result["value"])

    def _script(self, expression: str) -> dict[str, Any]:
        answer = self._send("script.evaluate", expression=expression, target={"context": self._tab}, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"]

    def wait_for(self, condition: str, seconds: float = PATIENCE) -> None:
        """Wait in the page until a condition is true, over reloads and page changes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # A page that goes away takes the promise with it; the next page is asked again.
            with contextlib.suppress(RuntimeError):
                if self.evaluate(asked_for_a_second(condition)):
                    return
        raise TimeoutError(f"not within {seconds} s: {condition}")

    def click(self, selector: str) -> None:
        """Press the pointer on the element, as a person would."""
        point = {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": self._node(selector)}}
        press = [point, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "actions": press})

    def fill(self, selector: str, text: str) -> None:
        """Replace the field's text by typing."""
        self.evaluate(f"(document.querySelector({json.dumps(selector)}).select(), 1)")
        self.click(selector)
        self.evaluate(f"(document.querySelector({json.dumps(selector)}).select(), 1)")
        keys = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": keys})

    def _act(self, source: dict[str, Any]) -> None:
        self._send("input.performActions", context=self._tab, actions=[source])

    def _node(self, selector: str) -> dict[str, str]:
        found = json.dumps(selector)
        self.wait_for(f"document.querySelector({found})?.getClientRects().length > 0")
        # At once: pages scroll smoothly, and a press would land where the element was on its way.
        scrolled = "n.scrollIntoView({block: 'center', behavior: 'instant'})"
        node = self._script(f"(n => ({scrolled}, n))(document.querySelector({found}))")
        return {"sharedId": node["sharedId"]}


@contextlib.contextmanager
def firefox(*, ice_on_loopback: bool = False, preload: str = "") -> Iterator[Firefox]:
    """A headless Firefox with an empty profile; `preload` is a function that runs before a page's own scripts.

    `ice_on_loopback` is needed where no other address exists.
    """
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program, "Firefox is missing: apt-get install firefox-esr"
    preferences = {**PREFERENCES, "media.peerconnection.ice.loopback": ice_on_loopback}
    with tempfile.TemporaryDirectory(prefix="hc-firefox-", ignore_cleanup_errors=True) as profile:
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())
        Path(profile, "user.js").write_text("".join(lines))
        command = [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        address = _address(process)
        # Read on to the end: a full pipe would hold Firefox up.
        reader = threading.Thread(target=process.communicate, daemon=True)
        reader.start()
        try:
            with connect(address + "/session", max_size=None, open_timeout=START_SECONDS) as socket:
                yield Firefox(socket, preload)
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)
            reader.join()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1]
    raise RuntimeError("Firefox ended before it could be driven")
