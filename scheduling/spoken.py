"""Hours and days in plain words, as the staff pages say them. Pure."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY: Final = {1: "every week", 2: "every 2nd week", 3: "every 3rd week", 4: "every 4th week"}
WHOLE_DAY: Final = 24 * 60


def clock(minute: int) -> str:
    """ "9:00 am"; the end of the day is midnight."""
    if minute in (0, WHOLE_DAY):
        return "midnight"
    hour, rest = divmod(minute, 60)
    return f"{hour % 12 or 12}:{rest:02} {'am' if hour < 12 else 'pm'}"


def stretch(starts: int, ends: int) -> str:
    return "all day" if (starts, ends) == (0, WHOLE_DAY) else f"{clock(starts)} to {clock(ends)}"


def weekdays(days: Sequence[int]) -> str:
    """ "Monday to Friday", "Monday and Thursday"."""
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    names = [WEEKDAYS[day] for day in days]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def day(on: dt.date) -> str:
    return f"{on.day} {on:%B %Y}"


def when_it_holds(every_weeks: int, first_day: dt.date, last_day: dt.date | None, today: dt.date) -> str:
    """What else there is to say of weekly hours: nothing for those that hold every week and have begun."""
    said = []
    if every_weeks > 1:
        monday = first_day - dt.timedelta(days=first_day.weekday())
        said.append(f"{EVERY[every_weeks]}, counted from the week of {day(monday)}")
    if first_day > today:
        said.append(f"from {day(first_day)}")
    if last_day is not None:
        said.append(f"until {day(last_day)}")
    return ", ".join(said)


def days(first: dt.date, last: dt.date) -> str:
    name = f"{WEEKDAYS[first.weekday()]} {day(first)}"
    return name if first == last else f"{name} to {WEEKDAYS[last.weekday()]} {day(last)}"
