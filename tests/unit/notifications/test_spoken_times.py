"""Days, times and zones in words, in both languages."""

import datetime as dt

import pytest
from django.utils import translation

from notifications import spoken

WINTER = dt.datetime(2027, 1, 6, 15, 20, tzinfo=dt.UTC)
SUMMER = dt.datetime(2027, 7, 7, 15, 20, tzinfo=dt.UTC)
CHICAGO, NEW_YORK, MEXICO = "America/Chicago", "America/New_York", "America/Mexico_City"


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("Wednesday 6 January 2027", "Wed 6 Jan", "9:20 am", "Chicago time (CST)", "Chicago time")),
    ("es", ("miércoles 6 de enero de 2027", "mié 6 ene", "9:20 a. m.", "hora de Chicago (CST)", "hora de Chicago")),
])  # fmt: skip
def test_time_is_said_in_the_language_that_is_active(language: str, words: tuple[str, ...]) -> None:
    with translation.override(language):
        assert (
            spoken.day(WINTER, CHICAGO),
            spoken.short_day(WINTER, CHICAGO),
            spoken.clock(WINTER, CHICAGO),
            spoken.zone_words(WINTER, CHICAGO),
            spoken.city_words(CHICAGO),
        ) == words


@pytest.mark.parametrize(("at", "there"), [(WINTER, ""), (SUMMER, "9:20 am, Mexico City time (CST)")])
def test_other_zone_is_said_only_where_clocks_show_another_time_at_that_instant(at: dt.datetime, there: str) -> None:
    with translation.override("en"):
        assert spoken.elsewhere(at, CHICAGO, MEXICO) == there


def test_other_day_is_said_with_the_other_zone() -> None:
    with translation.override("es"):
        assert spoken.elsewhere(WINTER, NEW_YORK, "Pacific/Auckland") == (
            "jueves 7 de enero de 2027, 4:20 a. m., hora de Auckland (NZDT)"
        )
        assert spoken.short_elsewhere(WINTER, CHICAGO, NEW_YORK) == "10:20 a. m. hora de Nueva York"


@pytest.mark.parametrize(("hour", "words"), [(0, "12:05 am"), (12, "12:05 pm"), (23, "11:05 pm")])
def test_noon_and_midnight_stay_numbers(hour: int, words: str) -> None:
    with translation.override("en"):
        assert spoken.clock(dt.datetime(2027, 1, 6, hour, 5, tzinfo=dt.UTC), "UTC") == words


def test_zone_without_a_city_is_called_by_its_own_name() -> None:
    assert spoken.zone_words(WINTER, "UTC") == "UTC"
