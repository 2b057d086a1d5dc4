"""Public holidays by country and part of it, from the `holidays` library, which is loaded when first asked for."""

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache


def holidays_of(country: str, subdivision: str, years: Iterable[int]) -> Mapping[dt.date, str]:
    """The holidays of these years by day; none where no country is chosen, or one that the library does not know."""
    if not country:
        return {}
    return {day: name for year in years for day, name in _year(country, subdivision, year)}


@lru_cache(maxsize=1)
def countries() -> dict[str, tuple[str, ...]]:
    """Every country that has holidays, by its ISO 3166 code, with the codes of those parts that have their own."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(known.items())}


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """The same countries by their names in English, as the library's files are called."""
    from holidays.registry import COUNTRIES

    named = {codes[1]: file.replace("_", " ").title() for file, codes in COUNTRIES.items()}
    return {code: named.get(code, code) for code in countries()}


@lru_cache(maxsize=256)
def _year(country: str, subdivision: str, year: int) -> tuple[tuple[dt.date, str], ...]:
    import holidays

    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US")
    except NotImplementedError:
        return ()
    return tuple(sorted(found.items()))
