"""Which browser says it is which, and which of them are shown inside an app."""

import pytest

from consults.browsers import browser_of

IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

OWN = [
    (f"{IOS} Version/17.5 Mobile/15E148 Safari/604.1", "Safari 17 on iPhone"),
    (f"{IOS} CriOS/140.0.7339.39 Mobile/15E148 Safari/604.1", "Chrome 140 on iPhone"),
    (f"{MAC} Version/17.5 Safari/605.1.15", "Safari 17 on Mac"),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        "Chrome 140 on Android",
    ),
    (f"{CHROME} Edg/140.0.0.0", "Edge 140 on Linux"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox 142 on Windows"),
    (CHROME, "Chrome 140 on Linux"),
    ("", "A browser"),
]
INSIDE = [
    (f"{IOS} Mobile/15E148 [FBAN/FBIOS;FBAV/470.0.0.37.105;FBBV/1;FBDV/iPhone15,2]", "facebook"),
    (f"{ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/470.0.0.0.1;]", "facebook"),
    (f"{IOS} Mobile/15E148 [FBAN/MessengerForiOS;FBAV/470.0]", "messenger"),
    (f"{IOS} Mobile/15E148 Instagram 340.0.0.22 (iPhone15,2; iOS 17_5)", "instagram"),
    (f"{ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36 Instagram 340.0 Android", "instagram"),
    (f"{ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36 WhatsApp/2.24", "whatsapp"),
    (f"{IOS} Mobile/15E148 [LinkedInApp]/9.30", "linkedin"),
    (f"{IOS} Mobile/15E148 Safari Line/14.9.0", "line"),
    (f"{IOS} GSA/330.0 Mobile/15E148 Safari/604.1", "google"),
    (f"{IOS} Mobile/15E148", "other"),  # Gmail and Outlook on an iPhone show pages without a name of their own
    (f"{MAC}", "other"),  # the same on an iPad, which says that it is a Mac
    (f"{ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36", "other"),
]


@pytest.mark.parametrize(("agent", "words"), OWN)
def test_browser_of_its_own_is_named_and_inside_no_app(agent: str, words: str) -> None:
    found = browser_of(agent)
    assert (found.words, found.app) == (words, "")


@pytest.mark.parametrize(("agent", "app"), INSIDE)
def test_browser_inside_an_app_is_known_as_such(agent: str, app: str) -> None:
    assert browser_of(agent).app == app


def test_longest_header_costs_no_more_than_a_short_one() -> None:
    assert browser_of("Chrome/1" * 100_000).words == "Chrome 1"
    assert len(browser_of("Samsung" + CHROME * 50).words) <= 60
