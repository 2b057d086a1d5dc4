"""Hours and days in plain words, as the staff pages say them. Pure."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.utils.dateformat import format as format_date
from django.utils.dates import WEEKDAYS as NAMES
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

# In the language of the reader, each when it is said.
WEEKDAYS: Final = tuple(NAMES[day] for day in range(7))
EVERY: Final = {
    1: gettext_noop("every week"),
    2: gettext_noop("every 2nd week"),
    3: gettext_noop("every 3rd week"),
    4: gettext_noop("every 4th week"),
}
WHOLE_DAY: Final = 24 * 60


def clock(minute: int) -> str:
    """ "9:00 am"; the end of the day is midnight."""
    if minute in (0, WHOLE_DAY):
        return _("midnight")
    hour, rest = divmod(minute, 60)
    return f"{hour % 12 or 12}:{rest:02} {_('am') if hour < 12 else _('pm')}"


def stretch(starts: int, ends: int) -> str:
    if (starts, ends) == (0, WHOLE_DAY):
        return _("all day")
    return _("%(first)s to %(last)s") % {"first": clock(starts), "last": clock(ends)}


def weekdays(days: Sequence[int]) -> str:
    """ "Monday to Friday", "Monday and Thursday"."""
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        said = _("%(first)s to %(last)s") % {"first": WEEKDAYS[days[0]], "last": WEEKDAYS[days[-1]]}
        return capfirst(said)
    names = [str(WEEKDAYS[day]) for day in days]
    if len(names) == 1:
        return capfirst(names[0])
    return capfirst(_("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]})


def day(on: dt.date) -> str:
    return format_date(on, pgettext("day, in Django's letters", "j F Y"))


def when_it_holds(every_weeks: int, first_day: dt.date, last_day: dt.date | None, today: dt.date) -> str:
    """What else there is to say of weekly hours: nothing for those that hold every week and have begun."""
    said = []
    if every_weeks > 1:
        monday = first_day - dt.timedelta(days=first_day.weekday())
        words = _("%(every)s, counted from the week of %(day)s")
        said.append(words % {"every": _(EVERY[every_weeks]), "day": day(monday)})
    if first_day > today:
        said.append(_("from %(day)s") % {"day": day(first_day)})
    if last_day is not None:
        said.append(_("until %(day)s") % {"day": day(last_day)})
    return ", ".join(said)


def days(first: dt.date, last: dt.date) -> str:
    form = pgettext("day of a visit, in Django's letters", "l j F Y")
    names = {"first": format_date(first, form), "last": format_date(last, form)}
    return capfirst(names["first"] if first == last else _("%(first)s to %(last)s") % names)
