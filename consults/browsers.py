"""Which browser a page is open in, and inside which app, by its own word (User-Agent). Coarse on purpose, and pure.

A browser inside an app often has no camera: such a page needs a way out. One that lies is asked for its camera like any
other, and the page says what came of that.
"""

import re
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# Code -> what people call the app. The first that fits counts: Messenger names Facebook too.
APPS: dict[str, tuple[str, re.Pattern[str]]] = {
    "messenger": (
        "Messenger",
        re.compile(r"FBAN/Messenger|Orca-Android|FB_IAB/(?:MESSENGER|Orca)", re.I),
    ),
    "instagram": ("Instagram", re.compile(r"\bInstagram\b")),
    "facebook": ("Facebook", re.compile(r"\b(?:FBAN|FBAV|FB_IAB|FBIOS)\b")),
    "whatsapp": ("WhatsApp", re.compile(r"\bWhatsApp\b")),
    "tiktok": ("TikTok", re.compile(r"\b(?:musical_ly|BytedanceWebview|TikTok)", re.I)),
    "linkedin": ("LinkedIn", re.compile(r"\bLinkedInApp\b")),
    "snapchat": ("Snapchat", re.compile(r"\bSnapchat\b")),
    "line": ("LINE", re.compile(r"\bLine/\d")),
    "wechat": ("WeChat", re.compile(r"\bMicroMessenger\b")),
    "telegram": ("Telegram", re.compile(r"\bTelegram", re.I)),
    "twitter": ("X", re.compile(r"\bTwitter(?:Android| for)")),
    "pinterest": ("Pinterest", re.compile(r"\[?Pinterest/")),
    "outlook": ("Outlook", re.compile(r"\b(?:Outlook-iOS|Outlook-Android|OutlookMobile|PKeyAuth.*Outlook)")),
    "google": (gettext_noop("the Google app"), re.compile(r"\bGSA/\d")),
}
# What an app shows that names itself nowhere: mail programs (Gmail, Outlook) on a phone, and others.
OTHER_APP = "other"

_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/(\d{1,3})")),
    ("Opera", re.compile(r"\bOP(?:R|T)/(\d{1,3})")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d{1,3})")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d{1,3})")),
    ("Chrome", re.compile(r"\b(?:HeadlessChrome|Chrome|CriOS|Chromium)/(\d{1,3})")),
    ("Safari", re.compile(r"\bVersion/(\d{1,3})[\d.]*(?: Mobile/\w+)? Safari/")),
)
_SYSTEMS = (
    ("iPhone", re.compile(r"\biPhone\b|\biPod\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Mac", re.compile(r"\bMacintosh\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
_UNKNOWN = "A browser"
_LONGEST = 1_000
_APPLE = frozenset({"iPhone", "iPad", "Mac"})


@dataclass(frozen=True)
class Browser:
    """`words` as staff read them; `app` is a code of APPS, OTHER_APP, or empty for a browser of its own."""

    words: str
    system: str
    app: str

    @property
    def app_name(self) -> str:
        """What people call the app; empty for one that does not say."""
        return _(APPS[self.app][0]) if self.app in APPS else ""


def browser_of(agent: str) -> Browser:
    """What `User-Agent` says."""
    agent = agent[:_LONGEST]
    system = next((name for name, sign in _SYSTEMS if sign.search(agent)), "")
    found = next(((name, match[1]) for name, sign in _BROWSERS if (match := sign.search(agent))), None)
    words = f"{found[0]} {found[1]}" if found else _UNKNOWN
    return Browser(f"{words} on {system}" if system else words, system, _app(agent, system))


def spoken(words: str) -> str:
    """A browser's words, which are kept in English, as the reader says them."""
    name, on, system = words.partition(" on ")
    if name == _UNKNOWN:
        name = _("A browser")
    return _("%(browser)s on %(system)s") % {"browser": name, "system": system} if on else name


def browser_at(request: HttpRequest) -> Browser:
    """The one that asks."""
    return browser_of(request.headers.get("User-Agent", ""))


def _app(agent: str, system: str) -> str:
    named = next((code for code, (_, sign) in APPS.items() if sign.search(agent)), "")
    if named:
        return named
    if system == "Android":
        # A view inside an app says so by this token; Chrome's own custom tabs are Chrome.
        return OTHER_APP if re.search(r"; wv\)", agent) else ""
    # On Apple's systems every real browser says Safari, whichever it is; a view inside an app leaves it out.
    if system in _APPLE and "AppleWebKit/" in agent and "Safari/" not in agent:
        return OTHER_APP
    return ""
