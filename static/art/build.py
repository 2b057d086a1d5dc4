#!/usr/bin/env python3
"""Draws the icons of the installed house (PNG) from logo.svg, with playwright and Chromium.

Run it after the logo or the colour of the page has changed. Those that a device cuts into a shape of its own, or
shows on black, stand on the colour of the page; the logo then keeps within what no shape cuts off.
"""

import re
from pathlib import Path

from playwright.sync_api import sync_playwright

ART = Path(__file__).resolve().parent
TOKENS = ART.parent / "css" / "tokens.css"
# File, size, how much of it the logo takes, and whether it stands on the page's colour.
ICONS = (
    ("icon-180.png", 180, 0.72, True),
    ("icon-192.png", 192, 1.0, False),
    ("icon-512.png", 512, 1.0, False),
    ("icon-maskable-512.png", 512, 0.56, True),
)
PAGE = """<!doctype html><style>
html, body {{ height: 100%; margin: 0; background: {ground}; }}
body {{ display: grid; place-items: center; }}
svg {{ width: {width}px; height: {width}px; }}
</style>{logo}"""


def main() -> None:
    logo = (ART / "logo.svg").read_text(encoding="utf-8")
    linen = re.search(r"--hc-linen: (#\w+);", TOKENS.read_text(encoding="utf-8"))
    if linen is None:
        raise SystemExit(f"{TOKENS}: no colour of the page")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, size, part, on_ground in ICONS:
            page = browser.new_page(viewport={"width": size, "height": size})
            ground = linen[1] if on_ground else "transparent"
            page.set_content(PAGE.format(ground=ground, width=round(size * part), logo=logo))
            page.screenshot(path=ART / name, omit_background=not on_ground)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
