"""Countries and their parts by ISO 3166, from the `pycountry` library, which is loaded when first asked for."""

import gettext
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language


def country_of(region: str) -> str:
    """ "US-IL" is in "US"; a country is in itself."""
    return region.partition("-")[0]


def is_region(code: str) -> bool:
    return code in _countries() or code in _parts()


def name_of(region: str) -> str:
    """In the reader's language: "Illinois, United States"; what nobody knows is said as it is written."""
    language = (get_language() or "en").partition("-")[0]
    country = _spoken("iso3166-1", _countries().get(country_of(region), country_of(region)), language)
    part = _parts().get(region)
    return f"{_spoken('iso3166-2', part, language)}, {country}" if part else country


def countries() -> list[tuple[str, str]]:
    """Codes and names, by name."""
    return sorted(((code, name_of(code)) for code in _countries()), key=lambda one: one[1])


def parts_of(country: str) -> list[tuple[str, str]]:
    """Codes and names of a country's parts, by name; of those within parts, too."""
    found = [(code, name_of(code).rpartition(", ")[0]) for code in _parts() if country_of(code) == country]
    return sorted(found, key=lambda one: one[1])


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    import pycountry

    known: Any = pycountry.countries
    return {one.alpha_2: getattr(one, "common_name", one.name) for one in known}


@lru_cache(maxsize=1)
def _parts() -> dict[str, str]:
    import pycountry

    known: Any = pycountry.subdivisions
    return {one.code: one.name for one in known}


def _spoken(domain: str, name: str, language: str) -> str:
    return name if language == "en" else _words(domain, language).gettext(name)


@lru_cache(maxsize=16)
def _words(domain: str, language: str) -> gettext.NullTranslations:
    import pycountry

    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True)
