"""Emergency numbers: each is one of its country, and where nobody knows none is said."""

import pytest
from phonenumbers import is_emergency_number

from accounts.regions import countries
from consults.emergency import _NUMBERS, number_of


def test_every_number_listed_is_an_emergency_number_of_its_country() -> None:
    listed = [(number, country) for number, places in _NUMBERS.items() for country in places.split()]
    assert [one for one in listed if not is_emergency_number(*one)] == []
    assert len({country for _, country in listed}) == len(listed)


@pytest.mark.parametrize(
    ("region", "number"),
    [
        ("US-IL", "911"),
        ("CA-QC", "911"),
        ("GB", "999"),
        ("ES-MD", "112"),
        ("DE", "112"),
        ("AU", "000"),
        ("NZ", "111"),
        ("JP", "119"),
        ("BR", "192"),
        ("MX", "911"),
        ("CN", "120"),
        ("", ""),
        ("AQ", ""),
    ],
)
def test_number_is_the_one_that_is_called_there(region: str, number: str) -> None:
    assert number_of(region) == number


def test_most_countries_have_one_and_it_is_theirs() -> None:
    known = {code: number_of(code) for code, _ in countries()}
    assert sum(map(bool, known.values())) > 180
    assert all(is_emergency_number(number, code) for code, number in known.items() if number)
