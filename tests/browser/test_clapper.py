"""The clapper is in step with itself and with another page's, as the browser's own recorder hears and sees it."""

import base64
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.clapper import PERIOD_MS, clapper
from tests.browser.claps import Claps, claps_in, percentile

PAGE = "http://localhost/"
CLAPS = 4
RECORD = """async (ms) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const recorder = new MediaRecorder(stream, { mimeType: 'video/webm;codecs=vp8,opus' });
  window.recorded = new Promise((done) => {
    recorder.ondataavailable = async (event) => {
      const bytes = new Uint8Array(await event.data.arrayBuffer());
      done(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')));
    };
  });
  recorder.start();
  setTimeout(() => recorder.stop(), ms);
}"""


@pytest.mark.alone
@pytest.mark.long
def test_clapper_two_pages_clap_at_the_same_moments(new_context: Callable[..., BrowserContext]) -> None:
    pages = [_page(new_context()) for _ in range(2)]
    for page in pages:
        page.evaluate(RECORD, CLAPS * PERIOD_MS + 500)
    one, other = (_claps(page) for page in pages)
    for claps in (one, other):
        assert CLAPS - 1 <= len(claps.flashes) <= CLAPS + 1
        assert CLAPS - 1 <= len(claps.beeps) <= CLAPS + 1
        assert len(claps.pictures) > 10 * claps.unread
    # By its drawing each picture has its place on a clock that both pages share, and so have flash and beep.
    for claps in (one, other):
        lag = claps.lag()
        off = [((at - lag + 0.5) % 1) - 0.5 for at in (*claps.flashes, *claps.beeps)]
        assert percentile(off, 95) < 0.15, off


def _page(context: BrowserContext) -> Page:
    context.add_init_script(f"({clapper()})()")
    page = context.new_page()
    page.route(PAGE, lambda route: route.fulfill(content_type="text/html", body="<!doctype html><title>clap</title>"))
    page.goto(PAGE)
    return page


def _claps(page: Page) -> Claps:
    return claps_in(io.BytesIO(base64.b64decode(page.evaluate("window.recorded"))))
