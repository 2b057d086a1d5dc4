"""The template tags and filters of core."""

import datetime as dt

import pytest
import time_machine

from core.templatetags import ui

TEN_THIRTY = dt.datetime(2026, 11, 24, 16, 30, tzinfo=dt.UTC)
CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("hour", "said"), [(0, "12:05 am"), (9, "9:05 am"), (12, "12:05 pm"), (13, "1:05 pm"), (23, "11:05 pm")]
)
def test_clock_time_speaks_in_twelve_hours(hour: int, said: str) -> None:
    assert ui.clock_time(dt.datetime(2026, 1, 1, hour, 5, tzinfo=dt.UTC), "UTC") == said


def test_sentence_that_ends_in_a_time_has_one_full_stop() -> None:
    assert (ui.full_stop("3:05 pm"), ui.full_stop("3:05 p. m.")) == ("3:05 pm.", "3:05 p. m.")


def test_times_are_told_in_the_zone_given() -> None:
    assert ui.clock_time(TEN_THIRTY, CHICAGO) == "10:30 am"
    assert ui.zone_name(CHICAGO, TEN_THIRTY) == "Chicago time (CST)"
    assert ui.zone_name("America/Argentina/Buenos_Aires", TEN_THIRTY) == "Buenos Aires time"


def test_long_date_names_the_year_only_when_it_is_another() -> None:
    with time_machine.travel(TEN_THIRTY, tick=False):
        assert ui.long_date(TEN_THIRTY, CHICAGO) == "Tuesday 24 November"
        assert ui.long_date(dt.date(2027, 1, 5)) == "Tuesday 5 January 2027"


@pytest.mark.parametrize(("hour", "said"), [(3, "evening"), (4, "morning"), (12, "afternoon"), (18, "evening")])
def test_greeting_follows_the_clinics_clock(hour: int, said: str) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC) + dt.timedelta(hours=hour), tick=False):
        assert ui.greeting(CHICAGO) == f"Good {said}"


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (22, "22nd")]
)
def test_ordinal_ends_as_spoken(number: int, said: str) -> None:
    assert ui.ordinal(number) == said


def test_tag_repeats_its_icon_in_a_word_and_escapes_what_it_is_given() -> None:
    html = ui.tag("waiting", 14)
    assert "armchair-fill" in html
    assert 'Waiting <span data-minutes="14">14</span> min' in html
    assert 'Waiting <span data-minutes="0">under 1</span> min' in ui.tag("waiting", 0)
    assert "<b>" not in ui.tag("waiting", word="<b>")


@pytest.mark.parametrize(
    ("name", "letters"), [("Otto Pepperday", "OP"), ("Ana de la Cruz", "AC"), ("Cher", "C"), ("", "")]
)
def test_initials_take_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


def test_phone_link_dials_digits_and_shows_what_was_written() -> None:
    assert ui.phone_link("+44 (0)1632 960000") == (
        '<a class="hc-nowrap" href="tel:+4401632960000">+44 (0)1632 960000</a>'
    )
