"""Licences held against a place, and the names of places."""

import datetime as dt

import pytest
from django.utils.translation import override

from accounts.licences import Held, held_against
from accounts.models import Licence
from accounts.regions import countries, is_region, name_of, parts_of

DAY = dt.date(2026, 11, 23)
ILLINOIS = Licence(region="US-IL")
SPAIN = Licence(region="ES")
FORMERLY = Licence(region="US-TX", ends_on=DAY - dt.timedelta(days=1))
SOON = Licence(region="US-TX", starts_on=DAY + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("licences", "region", "held"),
    [
        ([], "US-IL", Held.UNKNOWN),
        ([ILLINOIS], "", Held.UNKNOWN),
        ([ILLINOIS], "US-IL", Held.COVERED),
        ([ILLINOIS], "US-WI", Held.NONE),
        # A licence for a part says nothing of the rest of the country.
        ([ILLINOIS], "US", Held.NONE),
        ([SPAIN], "ES-MD", Held.COVERED),
        ([ILLINOIS, SPAIN], "ES", Held.COVERED),
        ([FORMERLY], "US-TX", Held.ENDED),
        ([SOON], "US-TX", Held.ENDED),
        ([FORMERLY, Licence(region="US-TX", starts_on=DAY, ends_on=DAY)], "US-TX", Held.COVERED),
    ],
)
def test_licence_covers_its_place_on_its_days(licences: list[Licence], region: str, held: Held) -> None:
    assert held_against(licences, region, DAY) is held


def test_places_have_names_in_the_language_of_the_reader() -> None:
    assert name_of("US-IL") == "Illinois, United States"
    assert name_of("ES") == "Spain"
    with override("es"):
        assert name_of("ES") == "España"
        assert name_of("DE") == "Alemania"
    assert dict(parts_of("US"))["US-IL"] == "Illinois"
    assert len(countries()) > 200


@pytest.mark.parametrize(
    ("code", "known"), [("US", True), ("US-IL", True), ("XX", False), ("US-XX", False), ("", False)]
)
def test_only_what_iso_3166_has_is_a_place(code: str, known: bool) -> None:
    assert is_region(code) is known
