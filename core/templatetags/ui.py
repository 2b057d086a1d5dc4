"""Template tags and filters for icons, tags, portraits, fields and times; colours and shapes live in static/css."""

from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

register = template.Library()

# state -> (word, icon, weight). The same words in the queue, on the appointment pages and for the patient.
STATES: dict[str, tuple[str, str, str]] = {
    "expected": (gettext_noop("Expected"), "clock", "regular"),
    "waiting": (gettext_noop("Waiting"), "armchair", "fill"),
    "reconnecting": (gettext_noop("Reconnecting"), "arrows-clockwise", "bold"),
    "away": (gettext_noop("Away"), "armchair", "regular"),
    "callback": (gettext_noop("To be called back"), "bell-ringing", "regular"),
    "sent-for": (gettext_noop("Sent for"), "bell-ringing", "regular"),
    "in-call": (gettext_noop("In call"), "video-camera", "fill"),
    "hold": (gettext_noop("On hold"), "pause", "fill"),
    "done": (gettext_noop("Done"), "check-fat", "fill"),
    "cancelled": (gettext_noop("Cancelled"), "calendar-x", "regular"),
    "noshow": (gettext_noop("Did not come"), "user-minus", "regular"),
    "trouble": (gettext_noop("Device trouble"), "warning", "fill"),
    "held": (gettext_noop("Held for booking"), "pause", "fill"),
    "pending": (gettext_noop("To be confirmed"), "hourglass", "fill"),
    "recording": (gettext_noop("Visit still on"), "video-camera", "fill"),
    "preparing": (gettext_noop("Being put together"), "hourglass", "fill"),
    "ready": (gettext_noop("Ready"), "check-circle", "fill"),
    "failed": (gettext_noop("Not put together"), "warning-circle", "fill"),
    "erased": (gettext_noop("Erased"), "eraser", "regular"),
    "kept": (gettext_noop("Must be kept"), "lock", "fill"),
}
# How people meet -> icon; the words are the model's own.
MODALITIES = {"video-home": "house-line", "video-clinic": "buildings", "phone": "phone", "in-person": "hospital"}
# These states say "In call, 4 min"; waiting says "Waiting 4 min".
COMMA_STATES = frozenset({"in-call", "hold"})


@register.simple_tag
def icon(name: str, weight: str = "regular", extra: str = "") -> SafeString:
    """A symbol of the sprite. It is hidden from screen readers: the word always stands beside it."""
    symbol = name if weight == "regular" else f"{name}-{weight}"
    css = f"icon {extra}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("icons/sprite.svg"),
        symbol,
    )


@register.filter
def whole_minutes(minutes: int) -> str:
    """The number as it is read out; the page's script counts on in the same words."""
    return str(minutes) if minutes else _("under 1")


@register.simple_tag
def tag(state: str, minutes: int | None = None, word: str = "") -> SafeString:
    """The pill of a visit's state: icon, word and, where given, minutes (which the page's script counts on)."""
    label, symbol, weight = STATES[state]
    label = word or _(label)
    if minutes is not None:
        comma = "," if state in COMMA_STATES else ""
        text = format_html('{}{} <span data-minutes="{}">{}</span> min', label, comma, minutes, whole_minutes(minutes))
    else:
        text = format_html("{}", label)
    return format_html('<span class="hc-tag hc-tag-{}">{}<span>{}</span></span>', state, icon(symbol, weight), text)


@register.simple_tag
def modality(visit: Any) -> SafeString:
    """The pill that says how people meet, of whatever has a modality: the first line of every page of a visit."""
    symbol = icon(MODALITIES[visit.modality])
    return format_html(
        '<span class="hc-tag hc-tag-home">{}<span>{}</span></span>', symbol, visit.get_modality_display()
    )


@register.simple_tag
def arch(face: str, name: str, size: str = "") -> SafeString:
    """A portrait in the arch: the person's picture, or the initials. The name always stands beside it."""
    css = f" hc-arch-{size}" if size else ""
    if face:
        return format_html('<span class="hc-arch{}"><img src="{}" alt=""></span>', css, static(f"art/{face}.svg"))
    return format_html('<span class="hc-arch hc-arch-initials{}" aria-hidden="true">{}</span>', css, initials(name))


@register.filter
def initials(name: str) -> str:
    """First letters of the first and the last word: "Otto Pepperday" is "OP"."""
    words = name.split()
    return "".join(word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words[:1])).upper()


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, css: str = "", hint: str = "", label: str = "", inputmode: str = "") -> dict[str, object]:
    """One field as look.md has it: label, hint, error, input. Django ties hint and error to the input by id."""
    # A form of somebody else's may bring a placeholder: the label stands in its place.
    attrs: dict[str, object] = {"class": f"hc-input {css}".strip(), "placeholder": False}
    if hint:
        error = f" {bound.id_for_label}_error" if bound.errors else ""
        attrs["aria-describedby"] = f"{bound.id_for_label}_helptext{error}"
    if inputmode:
        attrs["inputmode"] = inputmode
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attrs),  # type: ignore[arg-type]  # False takes an attribute away
        "hint": hint or bound.help_text,
        "label": label or bound.label,
    }


def _zone(zone: str | tzinfo | None) -> tzinfo:
    if not zone:
        return timezone.get_current_timezone()
    return ZoneInfo(zone) if isinstance(zone, str) else zone


@register.filter
def clock_time(at: datetime | None, zone: str | tzinfo | None = None) -> str:
    """ "10:30 am", in the given zone (or the current one); noon and midnight stay numbers."""
    if at is None:
        return ""
    local = timezone.localtime(at, _zone(zone))
    half = _("am") if local.hour < 12 else _("pm")
    # "p. m." stays on one line.
    half = half.replace(" ", "\u00a0")
    return f"{local.hour % 12 or 12}:{local.minute:02d} {half}"


@register.filter
def full_stop(words: str) -> str:
    """The words with a full stop, where a sentence ends in them: "3:00 p. m." has its own."""
    return words if words.endswith(".") else f"{words}."


@register.filter
def long_date(at: date | datetime | None, zone: str | tzinfo | None = None) -> str:
    """ "Tuesday 24 November", with the year when it is not this one."""
    if at is None:
        return ""
    here = _zone(zone)
    on = timezone.localtime(at, here).date() if isinstance(at, datetime) else at
    this_year = timezone.localtime(timezone.now(), here).year
    if on.year == this_year:
        return format_date(on, pgettext("day of this year, in Django's letters", "l j F"))
    return format_date(on, pgettext("day of a visit, in Django's letters", "l j F Y"))


@register.filter
def day_month(on: date) -> str:
    """ "24 November"."""
    return format_date(on, pgettext("day and month, in Django's letters", "j F"))


@register.filter
def short_day(at: date | datetime, zone: str | tzinfo | None = None) -> str:
    """ "24 Nov", for a narrow column."""
    on = timezone.localtime(at, _zone(zone)).date() if isinstance(at, datetime) else at
    return format_date(on, pgettext("day and short month, in Django's letters", "j M"))


@register.filter
def near_day(at: datetime, zone: str | tzinfo | None = None) -> str:
    """ "today", "tomorrow", "Friday", or "Friday 4 December" when that is a week away or more."""
    here = _zone(zone)
    on = timezone.localtime(at, here).date()
    days = (on - timezone.localtime(timezone.now(), here).date()).days
    if days in {0, 1}:
        return _("tomorrow") if days else _("today")
    return format_date(on, "l") if 0 < days < 7 else long_date(on, zone)


@register.filter
def iso_day(at: datetime, zone: str | tzinfo | None = None) -> str:
    """ "2026-11-24", for an address."""
    return timezone.localtime(at, _zone(zone)).date().isoformat()


@register.filter
def greeting(zone: str | tzinfo) -> str:
    """ "Good morning" by the clinic's own clock."""
    hour = timezone.localtime(timezone.now(), _zone(zone)).hour
    if 4 <= hour < 12:
        return _("Good morning")
    return _("Good afternoon") if hour in range(12, 18) else _("Good evening")


@register.filter
def zone_name(zone: str, at: datetime | None = None) -> str:
    """ "Chicago time (CST)": the city of the zone, with its letters at that instant where it has any."""
    city = zone.rsplit("/", 1)[-1].replace("_", " ")
    letters = timezone.localtime(at or timezone.now(), ZoneInfo(zone)).tzname() or ""
    words = _("%(city)s time") % {"city": _(city)}
    return f"{words} ({letters})" if letters.isalpha() and letters != city else words


@register.simple_tag
def other_zone(at: datetime, zone: str, theirs: str) -> SafeString | str:
    """A second line with the time where somebody else is, if clocks show another one there."""
    here, there = timezone.localtime(at, ZoneInfo(zone)), timezone.localtime(at, ZoneInfo(theirs))
    if here.utcoffset() == there.utcoffset():
        return ""
    day = "" if here.date() == there.date() else f"{long_date(at, theirs)}, "
    words = _("%(time)s in %(zone)s") % {"time": clock_time(at, theirs), "zone": zone_name(theirs, at)}
    return format_html("<small>{}{}</small>", day, words)


@register.filter
def ordinal(number: int) -> str:
    """ "1st", "2nd", "3rd", "11th"."""
    usual = pgettext("ending of an ordinal number", "th")
    endings = {
        1: pgettext("ending of an ordinal number", "st"),
        2: pgettext("ending of an ordinal number", "nd"),
        3: pgettext("ending of an ordinal number", "rd"),
    }
    return f"{number}{usual if 10 <= number % 100 <= 20 else endings.get(number % 10, usual)}"


@register.filter
def phone_address(number: str) -> str:
    """The number as a `tel:` address wants it: digits and a leading plus only."""
    return "tel:" + "".join(char for char in number if char.isdigit() or char == "+")


@register.filter
def phone_link(number: str) -> SafeString:
    """The number to read and to press."""
    return format_html('<a class="hc-nowrap" href="{}">{}</a>', phone_address(number), number)
