"""Public holidays by country and part of it, from the `holidays` library, which is loaded when first asked for."""

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.utils.translation import get_language, gettext, gettext_noop

from accounts.regions import name_of

# What the library says in English alone; of other days only those are said in another language that it knows itself.
ENGLISH_DAYS = (
    gettext_noop("New Year's Day"),
    gettext_noop("Martin Luther King Jr. Day"),
    gettext_noop("Washington's Birthday"),
    gettext_noop("Presidents' Day"),
    gettext_noop("Lincoln's Birthday"),
    gettext_noop("Memorial Day"),
    gettext_noop("Juneteenth National Independence Day"),
    gettext_noop("Independence Day"),
    gettext_noop("Labor Day"),
    gettext_noop("Columbus Day"),
    gettext_noop("Indigenous Peoples' Day"),
    gettext_noop("Election Day"),
    gettext_noop("Veterans Day"),
    gettext_noop("Thanksgiving Day"),
    gettext_noop("Day After Thanksgiving"),
    gettext_noop("Friday After Thanksgiving"),
    gettext_noop("Christmas Eve"),
    gettext_noop("Christmas Day"),
    gettext_noop("Day After Christmas"),
    gettext_noop("New Year's Eve"),
    gettext_noop("Good Friday"),
    gettext_noop("Cesar Chavez Day"),
    gettext_noop("Casimir Pulaski Day"),
)


def holidays_of(country: str, subdivision: str, years: Iterable[int]) -> Mapping[dt.date, str]:
    """The holidays of these years by day; none where no country is chosen, or one that the library does not know."""
    if not country:
        return {}
    return {day: name for year in years for day, name in _year(country, subdivision, year, _language())}


@lru_cache(maxsize=1)
def countries() -> dict[str, tuple[str, ...]]:
    """Every country that has holidays, by its ISO 3166 code, with the codes of those parts that have their own."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(known.items())}


def country_names() -> dict[str, str]:
    """The same countries by their names in the language of the reader."""
    return _english_names() if _language() == "en" else {code: name_of(code) for code in countries()}


def _language() -> str:
    return (get_language() or "en").partition("-")[0]


@lru_cache(maxsize=1)
def _english_names() -> dict[str, str]:
    """As the library's files are called."""
    from holidays.registry import COUNTRIES

    named = {codes[1]: file.replace("_", " ").title() for file, codes in COUNTRIES.items()}
    return {code: named.get(code, code) for code in countries()}


@lru_cache(maxsize=256)
def _year(country: str, subdivision: str, year: int, language: str) -> tuple[tuple[dt.date, str], ...]:
    """`language` is the one that is active."""
    import holidays

    spoken = language if language in _languages().get(country, ()) else "en_US"
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=spoken)
    except NotImplementedError:
        return ()
    return tuple(sorted((day, _said(names)) for day, names in found.items()))


@lru_cache(maxsize=1)
def _languages() -> dict[str, list[str]]:
    """In which languages the library says the days of each country."""
    import holidays

    known: dict[str, list[str]] = holidays.list_localized_countries(include_aliases=False)
    return known


def _said(names: str) -> str:
    """ "Christmas Day (observed)"; several that fall on one day stand one after the other."""
    said = []
    for name in names.split("; "):
        day = name.removesuffix(" (observed)")
        is_moved = day != name and day in ENGLISH_DAYS
        said.append(gettext("%(day)s (observed)") % {"day": gettext(day)} if is_moved else gettext(name))
    return "; ".join(said)
