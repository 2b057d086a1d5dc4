"""A process of its own that reads a stranger's calendar: text in, busy stretches out. No Django, no database.

What repeats is expanded here, and an event that repeats every second for ever would keep a thread of ours busy for
days. So the whole runs under limits of processor time and memory, and whatever exceeds them ends this process alone.
"""

import datetime as dt
import json
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

CPU_SECONDS = 3
MEMORY_BYTES = 768 * 1024 * 1024
MOST_EVENTS = 20_000
MOST_SPANS = 5_000
LONGEST_NAME = 64
# Made by a house like this one. Our own visits that come back must not block their time, another clinic's must: which
# they are, the parent asks its database.
HOUSE_UID = "@housecall"
_KEPT = frozenset(
    {
        "BEGIN", "END", "VERSION", "PRODID", "X-WR-TIMEZONE", "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE",
        "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP", "SEQUENCE", "TZID", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME",
    }
)  # fmt: skip
# Nobody's appointments: refused by name, and whatever says the same in other words by the clock.
_TOO_OFTEN = ("FREQ=SECONDLY", "FREQ=MINUTELY")
_PARTS = frozenset({"VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT"})


class NotCalendar(ValueError):  # noqa: N818
    """It has not the form of one."""


class TooMuch(ValueError):  # noqa: N818
    """There is more of it than anybody needs."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    asked = json.loads(sys.stdin.buffer.readline())
    first, last = (dt.datetime.fromisoformat(asked[name]) for name in ("from", "until"))
    try:
        answer: dict[str, Any] = busy(sys.stdin.buffer.read(), first, last, ZoneInfo(asked["zone"]))
    except TooMuch:
        answer = {"problem": "too_much"}
    except MemoryError:
        answer = {"problem": "too_much"}
    except Exception:  # noqa: BLE001  Whatever a library says to broken text: it is no calendar that we can read.
        answer = {"problem": "not_calendar"}
    sys.stdout.write(json.dumps(answer))


def busy(content: bytes, first: dt.datetime, last: dt.datetime, zone: ZoneInfo) -> dict[str, Any]:
    """What is taken from `first` to `last` in seconds since 1970: "busy", in order, none touching another; and "house",
    stretches that a house like ours has made, each after the name that it gave them.
    """
    from icalendar import Calendar
    from recurring_ical_events import of

    text = "\r\n".join(needed_lines(content.decode("utf-8-sig", errors="replace")))
    calendar = Calendar.from_ical(text)
    if calendar.name != "VCALENDAR":
        raise NotCalendar
    found = of(calendar, skip_bad_series=True).between(first, last)
    low, high = int(first.timestamp()), int(last.timestamp())
    spans, house = [], []
    for event in found:
        if not _counts(event):
            continue
        starts, ends = _span(event, zone)
        span, uid = (max(starts, low), min(ends, high)), str(event.get("UID", "")).lower()
        if uid.endswith(HOUSE_UID):
            house.append((uid.removesuffix(HOUSE_UID)[:LONGEST_NAME], *span))
        else:
            spans.append(span)
    if len(house) > MOST_SPANS:
        raise TooMuch
    return {"busy": merged(spans), "house": house}


def needed_lines(text: str) -> Iterator[str]:
    """Only what says when: names, places, guests and descriptions are not even looked at."""
    inside: list[str] = []
    events = 0
    for line in unfolded(text):
        name, value = _name_of(line), line.rpartition(":")[2].strip().upper()
        if name == "BEGIN":
            inside.append(value)
            events += value == "VEVENT"
            if len(inside) > 10 or events > MOST_EVENTS:
                raise TooMuch
        if name in _KEPT and inside and all(part in _PARTS for part in inside):
            yield line
        if name == "RRULE" and any(often in value for often in _TOO_OFTEN):
            raise TooMuch
        if name == "END" and inside:
            inside.pop()
    # An end that is missing means that half of it did not come.
    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise NotCalendar


def unfolded(text: str) -> Iterator[str]:
    """Lines as they were before they were folded (RFC 5545 3.1)."""
    whole: list[str] = []
    for line in text.splitlines():
        if line[:1] in {" ", "\t"} and whole:
            whole.append(line[1:])
            continue
        if whole:
            yield "".join(whole)
        whole = [line]
    if whole:
        yield "".join(whole)


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for starts, ends in sorted(span for span in spans if span[0] < span[1]):
        if out and starts <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], ends))
        else:
            out.append((starts, ends))
        if len(out) > MOST_SPANS:
            raise TooMuch
    return out


def _name_of(line: str) -> str:
    return line.partition(":")[0].partition(";")[0].strip().upper()


def _counts(event: Any) -> bool:
    return str(event.get("TRANSP", "")).upper() != "TRANSPARENT" and str(event.get("STATUS", "")).upper() != "CANCELLED"


def _span(event: Any, zone: ZoneInfo) -> tuple[int, int]:
    return _second(event["DTSTART"].dt, zone), _second(event["DTEND"].dt, zone)


def _second(at: dt.date | dt.datetime, zone: ZoneInfo) -> int:
    """A whole day, and a time without a zone, are meant where the practitioner is."""
    if not isinstance(at, dt.datetime):
        at = dt.datetime.combine(at, dt.time.min)
    return int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp())


if __name__ == "__main__":
    main()
