"""Staff pages of hours: adding, changing, what it would strand shown first, days, limits, terms, types of visit."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Organization, Practitioner
from accounts.roles import Role
from scheduling.models import Appointment, BookingTerms, DatedException, Schedule, VisitType, WeeklyRule
from scheduling.services import book_appointment
from tests import factories
from tests.integration.pages.conftest import SignIn
from tests.integration.scheduling.week import EARLY, MONDAY, at, works

pytestmark = pytest.mark.django_db
TYPED: dict[str, Any] = {
    "kind": "open",
    "weekdays": ["0", "2"],
    "starts": "09:00",
    "ends": "12:00",
    "label": "",
    "every_weeks": "2",
    "first_day": "2026-06-01",
    "last_day": "",
}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(EARLY, tick=False):
        yield


def book(doctor: Practitioner, starts_at: dt.datetime) -> Appointment:
    return book_appointment(
        actor=factories.SYSTEM,
        patient=factories.make_patient(doctor.organization, given_name="Otto", family_name="Pepperday"),
        practitioner=doctor,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=20),
        timezone="America/Chicago",
    )


def address(name: str, doctor: Practitioner, *more: Any) -> str:
    return reverse(name, args=[doctor.uuid, *more])


def hidden(page: HttpResponse) -> dict[str, list[str]]:
    """What the question carries along."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()):
        if name != "csrfmiddlewaretoken":
            found.setdefault(name, []).append(value)
    return found


def test_added_hours_are_shown_in_words(doctor: Practitioner, desk_browser: Client) -> None:
    answer = desk_browser.post(address("hours-new", doctor), TYPED, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == address("schedule", doctor)
    assert "Monday and Wednesday, 9:00 am to 12:00 pm" in page
    assert "every 2nd week, counted from the week of 1 June 2026" in page
    assert set(WeeklyRule.objects.values_list("weekday", "starts", "ends")) == {(0, 540, 720), (2, 540, 720)}


def test_hours_until_midnight_end_with_the_day(doctor: Practitioner, desk_browser: Client) -> None:
    desk_browser.post(address("hours-new", doctor), {**TYPED, "starts": "22:00", "ends": "00:00"})
    assert set(WeeklyRule.objects.values_list("starts", "ends")) == {(1320, 1440)}


def test_wrong_hours_are_422_and_nothing_typed_is_lost(doctor: Practitioner, desk_browser: Client) -> None:
    wrong = {**TYPED, "kind": "break", "weekdays": [], "ends": "08:00", "label": "Team & tea"}
    answer = desk_browser.post(address("hours-new", doctor), wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose at least one day" in page
    assert 'value="Team &amp; tea"' in page
    assert 'value="08:00"' in page
    answer = desk_browser.post(address("hours-new", doctor), {**wrong, "weekdays": ["1"]})
    assert "It must end after it begins" in answer.content.decode()
    assert answer.status_code == 422
    assert not WeeklyRule.objects.exists()


def test_edit_that_strands_a_visit_asks_first_and_goes_back_or_on_with_all_that_was_typed(
    doctor: Practitioner, desk_browser: Client
) -> None:
    works(doctor)
    visit = book(doctor, at(MONDAY, 14))
    group = WeeklyRule.objects.filter(kind="open")[0].group
    edit = address("hours-change", doctor, group)
    question = desk_browser.post(edit, TYPED)
    page = question.content.decode()
    assert question.status_code == 409
    assert "1 booked visit would be outside the hours" in page
    assert "Otto Pepperday" in page
    assert reverse("appointment", args=[visit.uuid]) in page
    assert WeeklyRule.objects.filter(kind="open").count() == 5
    carried = hidden(question)
    assert carried["weekdays"] == ["0", "2"]
    assert carried["accepted"] == [str(visit.uuid)]
    back = desk_browser.post(edit, {**carried, "back": "yes"})
    assert back.status_code == 200
    assert "Error:" not in back.content.decode()
    assert 'name="starts" value="09:00"' in back.content.decode()
    assert WeeklyRule.objects.filter(kind="open").count() == 5
    saved = desk_browser.post(edit, carried, follow=True)
    assert "1 booked visit is outside these hours" in saved.content.decode()
    assert WeeklyRule.objects.filter(kind="open").count() == 2


def test_accepted_ids_that_nobody_was_shown_change_nothing(doctor: Practitioner, desk_browser: Client) -> None:
    works(doctor)
    book(doctor, at(MONDAY, 14))
    group = WeeklyRule.objects.filter(kind="open")[0].group
    answer = desk_browser.post(address("hours-remove", doctor, group), {"accepted": f"x {'9' * 999} \x00"})
    assert answer.status_code == 409
    assert WeeklyRule.objects.filter(kind="open").count() == 5


def test_hours_removed_in_another_window_are_not_found(doctor: Practitioner, desk_browser: Client) -> None:
    works(doctor)
    group = WeeklyRule.objects.filter(kind="break")[0].group
    remove = address("hours-remove", doctor, group)
    assert desk_browser.post(remove).status_code == 302
    assert desk_browser.post(remove).status_code == 404
    assert desk_browser.post(address("hours-change", doctor, group), TYPED).status_code == 404


def test_days_off_are_added_shown_and_removed(doctor: Practitioner, desk_browser: Client) -> None:
    days = {"kind": "closed", "first_day": "2026-06-08", "last_day": "2026-06-12", "label": "Leave"}
    page = desk_browser.post(address("days-new", doctor), days, follow=True).content.decode()
    assert "Monday 8 June 2026 to Friday 12 June 2026" in page
    assert "Closed, all day: Leave" in page
    assert DatedException.objects.count() == 5
    group = DatedException.objects.all()[0].group
    desk_browser.post(reverse("days-remove", args=[group]))
    assert not DatedException.objects.exists()


def test_extra_hours_without_times_say_what_is_missing(doctor: Practitioner, desk_browser: Client) -> None:
    answer = desk_browser.post(address("days-new", doctor), {"kind": "open", "first_day": "2026-06-08"})
    assert answer.status_code == 422
    page = answer.content.decode()
    # Each once in the summary and once at its field.
    assert (page.count("Enter when it begins, like 9:00"), page.count("Enter when it ends, like 17:00")) == (2, 2)


def test_days_of_the_clinic_close_everybody(clinic: Organization, doctor: Practitioner, desk_browser: Client) -> None:
    works(doctor)
    book(doctor, at(MONDAY, 14))
    days = {"kind": "closed", "first_day": "2026-06-01", "label": "Move of the clinic"}
    question = desk_browser.post(reverse("clinic-days-new"), days)
    assert question.status_code == 409
    page = desk_browser.post(reverse("clinic-days-new"), hidden(question), follow=True).content.decode()
    assert "Move of the clinic" in page


def test_limits_are_changed_and_shown(doctor: Practitioner, desk_browser: Client) -> None:
    works(doctor)
    limits = {
        "timezone": "America/Denver",
        "step_minutes": "30",
        "buffer_before": "0",
        "buffer_after": "10",
        "notice_minutes": "240",
        "horizon_days": "90",
        "daily_maximum": "",
    }
    page = desk_browser.post(address("schedule-limits", doctor), limits, follow=True).content.decode()
    assert "Times are in Denver time" in page
    schedule = Schedule.objects.get()
    assert (schedule.step_minutes, schedule.buffer_after, schedule.keeps_holidays) == (30, 10, False)
    answer = desk_browser.post(address("schedule-limits", doctor), {**limits, "timezone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert "Choose a time zone from the list" in answer.content.decode()


def test_clinic_without_terms_says_what_holds_for_it(clinic: Organization, desk_browser: Client) -> None:
    assert "until</dt><dd>it begins" in desk_browser.get(reverse("clinic-days")).content.decode()
    form = desk_browser.get(reverse("booking-terms")).content.decode()
    assert '<option value="0" selected>' in form


def test_terms_with_a_country_show_its_holidays(clinic: Organization, desk_browser: Client) -> None:
    terms = {
        "holiday_country": "US",
        "holiday_subdivision": "il",
        "change_notice_minutes": "1440",
        "hold_minutes": "10",
        "offer_minutes": "15",
        "age_of_majority": "18",
        "place_kept_minutes": "10",
        "self_booking": "on",
    }
    page = desk_browser.post(reverse("booking-terms"), terms, follow=True).content.decode()
    assert "Closed on the holidays of United States (IL)" in page
    assert "Independence Day" in page
    assert BookingTerms.objects.get().holiday_subdivision == "IL"
    answer = desk_browser.post(reverse("booking-terms"), {**terms, "holiday_subdivision": "QQ"})
    assert answer.status_code == 422
    assert "Choose a part of that country" in answer.content.decode()


def test_visit_type_is_added_and_changed(doctor: Practitioner, desk_browser: Client) -> None:
    typed = {
        "name": "First visit",
        "minutes": "40",
        "modality": "video-home",
        "practitioners": [str(doctor.uuid)],
        "preparation": "Have your medicines at hand.",
        "capacity": "1",
        "self_booking": "on",
        "is_active": "on",
    }
    page = desk_browser.post(reverse("visit-type-new"), typed, follow=True).content.decode()
    assert "40 minutes. Video visit from home" in page
    made = VisitType.objects.get()
    assert list(made.practitioners.all()) == [doctor]
    again = desk_browser.post(reverse("visit-type-new"), typed)
    assert again.status_code == 409
    assert "There is a type of visit with this name already" in again.content.decode()
    desk_browser.post(reverse("visit-type", args=[made.uuid]), {**typed, "minutes": "30", "practitioners": []})
    made.refresh_from_db()
    assert (made.minutes, made.practitioners.count()) == (30, 0)
    stranger = factories.make_practitioner()
    answer = desk_browser.post(reverse("visit-type-new"), {**typed, "name": "B", "practitioners": [str(stranger.uuid)]})
    assert answer.status_code == 422


def test_practitioner_sees_and_changes_their_own_hours_only(
    clinic: Organization, doctor: Practitioner, doctors_browser: Client
) -> None:
    colleague = factories.make_practitioner(clinic)
    page = doctors_browser.get(reverse("schedules")).content.decode()
    assert doctor.display_name in page
    assert colleague.display_name not in page
    assert reverse("clinic-days") not in page
    assert doctors_browser.get(address("schedule", doctor)).status_code == 200
    assert doctors_browser.get(address("schedule", colleague)).status_code == 404
    assert doctors_browser.post(address("hours-new", colleague), TYPED).status_code == 404
    assert doctors_browser.get(reverse("clinic-days")).status_code == 404


def test_queries_of_the_pages_do_not_grow_with_rows(
    clinic: Organization, doctor: Practitioner, sign_in: SignIn
) -> None:
    desk = sign_in(factories.make_user(clinic, Role.FRONT_DESK))
    works(doctor)
    book(doctor, at(MONDAY, 17))
    kinds = VisitType.objects.bulk_create(
        VisitType(organization=clinic, name=f"Type {i}", minutes=20) for i in range(4)
    )

    def queries() -> list[int]:
        found = []
        for page in (reverse("schedules"), address("schedule", doctor), reverse("clinic-days"), reverse("visit-types")):
            desk.get(page)
            with CaptureQueriesContext(connection) as seen:
                desk.get(page)
            found.append(len(seen))
        return found

    few = queries()
    for _ in range(3):
        works(factories.make_practitioner(clinic))
    for hour in (18, 19, 20):
        book(doctor, at(MONDAY, hour))
    for kind in kinds:
        kind.practitioners.add(doctor)
    assert queries() == few
