"""The demo for a phone in the same Wi-Fi: over HTTPS, by this machine's address in its network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from telehealth.demo import lan
from telehealth.demo.announce import drawn
from tests.browser.conftest import Watch, watched
from tests.browser.demo import start, stop
from tests.browser.people import ChromiumTab, go_in

pytestmark = pytest.mark.alone


def test_phone_in_the_network_waits_in_the_waiting_room_with_a_camera(
    tmp_path: Path, new_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    # A machine that is in no network has loopback, where all but the way is the same.
    address = next(iter(lan.addresses()), "127.0.0.2")
    demo = start(tmp_path, lan=address)
    try:
        link = demo.link_of("Rosalind Fern")
        assert link.startswith(f"https://{address}:")
        assert "\n".join(drawn(link)) in demo.printed
        context = watched(new_context(ignore_https_errors=True, viewport={"width": 360, "height": 740}), watch)
        phone = ChromiumTab(context.new_page())
        # The socket is wss, and the relay is reached where it says that it is.
        go_in(phone, link)
        assert phone.evaluate("isSecureContext")
        phone.wait_for("document.documentElement.dataset.socketState === 'open'")
        phone.wait_for("document.documentElement.dataset.mediaState === 'connected'")
        assert all(cookie["secure"] for cookie in context.cookies())
        answer = context.request.get(demo.base_url)
        assert "strict-transport-security" not in answer.headers
    finally:
        left = stop(demo)
    assert left == []
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("lan.*")} == {
        "lan.crt": 0o600,
        "lan.key": 0o600,
    }
