"""Takes the README's picture from the running demo: `python -m tests.browser.picture`. Holds no test.

The cameras show the drawn people of the demo, in place of the test pattern of Chromium's made-up camera.
"""

import base64
import tempfile
from pathlib import Path

import av
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.demo import sign_in, start, stop
from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.house import ROOT
from tests.browser.people import ChromiumTab, call_in, go_in, has_read, state_is, wait_for_media, write

PICTURE = ROOT / "docs" / "visit.png"
WIDTH, HEIGHT = 1280, 720
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}
SETTLE_MS = 4_000
ZONE = "America/Chicago"


def main() -> None:
    """Hold a visit on a fresh demo and keep what both see."""
    with tempfile.TemporaryDirectory(prefix="hc-picture-") as folder, sync_playwright() as playwright:
        demo = start(Path(folder))
        try:
            doctor = _browser(playwright, Path(folder), "scene-doc").new_context(viewport=WIDE, timezone_id=ZONE)
            phone = _browser(playwright, Path(folder), "scene-ros").new_context(
                viewport=PHONE, device_scale_factor=2, timezone_id=ZONE
            )
            people = ChromiumTab(phone.new_page()), ChromiumTab(doctor.new_page())
            patient_tab, doctor_tab = people
            sign_in(doctor_tab, demo, "marlow@lantern.example")
            go_in(patient_tab, demo.link_of("Rosalind Fern"))
            call_in(doctor_tab, doctor_tab.page.url)
            state_is(patient_tab, "call")
            for tab in people:
                wait_for_media(tab)
            write(doctor_tab, "Hello Rosalind. How is the new tablet?")
            has_read(patient_tab, "Hello Rosalind. How is the new tablet?")
            doctor_tab.page.wait_for_timeout(SETTLE_MS)
            _compose(playwright, doctor_tab.page.screenshot(), patient_tab.page.screenshot())
        finally:
            stop(demo)


def _browser(playwright: Playwright, folder: Path, scene: str) -> Browser:
    film = folder / f"{scene}.y4m"
    _film(playwright, scene, film)
    flags = [*CHROMIUM_FLAGS, f"--use-file-for-fake-video-capture={film}"]
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)


def _film(playwright: Playwright, scene: str, film: Path) -> None:
    """A drawing as a film of one frame, which Chromium shows over and over."""
    still = film.with_suffix(".png")
    drawing = (ROOT / "static" / "art" / f"{scene}.svg").read_text()
    _shoot(
        playwright, f'<body style="margin:0">{drawing}</body>', WIDTH, HEIGHT, still, "svg{width:100vw;height:100vh}"
    )
    with av.open(str(still)) as source:
        frame = next(source.decode(video=0)).reformat(WIDTH, HEIGHT, "yuv420p")
    planes = b"".join(bytes(plane) for plane in frame.planes)
    film.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip A1:1 C420jpeg\nFRAME\n".encode() + planes)


def _compose(playwright: Playwright, doctor: bytes, patient: bytes) -> None:
    """Both pages side by side on the house's own linen."""
    images = [f'<img src="data:image/png;base64,{base64.b64encode(each).decode()}">' for each in (doctor, patient)]
    style = (
        "body{margin:0;height:100vh;display:flex;align-items:center;justify-content:center;gap:28px;background:#ebe8e0}"
        "img{height:680px;border-radius:14px;box-shadow:0 10px 30px -8px #17282c55}"
    )
    _shoot(playwright, f"<body>{''.join(images)}</body>", 1_540, 760, PICTURE, style)


def _shoot(playwright: Playwright, html: str, width: int, height: int, path: Path, style: str) -> None:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_content(html)
    page.add_style_tag(content=style)
    page.screenshot(path=path)
    browser.close()


if __name__ == "__main__":
    main()
