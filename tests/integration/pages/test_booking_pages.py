"""Booking for oneself by plain forms: choosing, holding, typing, done; pressed twice, come back, too late, taken."""

import datetime as dt
import html

import pytest
from django.test import Client

from accounts.models import Organization, Patient, Practitioner
from audit.models import AuditEvent
from core.clock import now
from notifications.models import BadAddress, PlannedKind
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, DatedException, PersonalLink, VisitType, WeeklyRule
from scheduling.services import end_holds
from scheduling.visitors import COOKIE_NAME
from tests import factories
from tests.open_clinic import TIME, TYPED, OpenClinic, bookable, far_day, free_times, hold, open_clinic

pytestmark = pytest.mark.django_db
STANDING = [AppointmentStatus.BOOKED, AppointmentStatus.PENDING]


@pytest.fixture
def booking(clinic: Organization) -> OpenClinic:
    return open_clinic(clinic)


def another() -> Client:
    return Client(headers={"host": "127.0.0.1"})


def run_out(hold: Appointment) -> None:
    Appointment.objects.filter(pk=hold.pk).update(held_until=now() - dt.timedelta(seconds=1))


def text(answer: object) -> str:
    return html.unescape(answer.content.decode())  # type: ignore[attr-defined]


def test_book_from_first_page_to_the_link_makes_a_self_registered_patient(
    booking: OpenClinic, stranger: Client
) -> None:
    assert 'href="/book/"' in text(stranger.get("/"))
    start = text(stranger.get("/book/"))
    assert booking.visit_type.name in start
    assert booking.practitioner.display_name in start
    address = hold(stranger, booking, booking.practitioner)
    page = text(stranger.get(address))
    assert "We keep" in page
    done = text(stranger.post(address, TYPED, follow=True))
    appointment = Appointment.objects.get(status=AppointmentStatus.BOOKED)
    assert appointment.patient is not None
    assert (appointment.patient.full_name, appointment.patient.self_registered) == ("Rosalind Fern", True)
    assert f"/v/{PersonalLink.objects.get().uuid}/#" in done
    assert "Your visit is booked" in done
    assert Appointment.objects.count() == 1


def test_done_page_leads_into_the_visit_without_a_script(booking: OpenClinic, stranger: Client) -> None:
    stranger.post(hold(stranger, booking), TYPED, follow=True)
    page = text(stranger.get(f"/v/{PersonalLink.objects.get().uuid}/"))
    assert "Hello Rosalind" in page


@pytest.mark.parametrize(("is_known_bad", "is_on", "said"), [
    (False, True, "We also send it to you by email."),
    (True, True, "We also send it to your phone as a text."),
    (False, False, ""),
])  # fmt: skip
def test_done_page_says_which_way_the_link_goes(
    clinic: Organization, booking: OpenClinic, stranger: Client, is_known_bad: bool, is_on: bool, said: str
) -> None:
    if is_known_bad:
        BadAddress.objects.create(organization=clinic, channel="email", address=TYPED["email"], why="bounced")
    if not is_on:
        PlannedKind.objects.create(organization=clinic, kind="visit.booked", is_on=False)
    done = text(stranger.post(hold(stranger, booking), TYPED, follow=True))
    assert said in done
    assert ("We also send it" in done) == bool(said)


def test_another_browser_sees_neither_the_hold_nor_the_link(booking: OpenClinic, stranger: Client) -> None:
    address = hold(stranger, booking)
    other = another()
    other.get(booking.times())
    for path in (address, f"{address.partition('?')[0]}done/"):
        assert other.get(path).status_code == 404
        assert another().get(path).status_code == 404
    assert other.post(address, TYPED).status_code == 404
    stranger.post(address, TYPED)
    assert other.get(f"{address.partition('?')[0]}done/").status_code == 404


def test_done_page_is_gone_after_an_hour(booking: OpenClinic, stranger: Client) -> None:
    address = stranger.post(hold(stranger, booking), TYPED)["Location"]
    assert stranger.get(address).status_code == 200
    Appointment.objects.update(created_at=now() - dt.timedelta(minutes=61))
    assert stranger.get(address).status_code == 404


def test_known_and_unknown_people_get_the_same_answer_and_a_row_of_their_own(
    booking: OpenClinic, stranger: Client
) -> None:
    known = factories.make_patient(
        booking.organization,
        given_name="Rosalind",
        family_name="Fern",
        birth_date=dt.date(1948, 5, 3),
        phone=TYPED["phone"],
        email=TYPED["email"],
    )
    said = []
    for number, name in enumerate(("Rosalind Fern", "Somebody Else")):
        browser = another()
        done = browser.post(hold(browser, booking, at=number), {**TYPED, "name": name}, follow=True)
        said.append(
            (done.status_code, [status for _, status in done.redirect_chain], "Your visit is booked" in text(done))
        )
    assert said[0] == said[1]
    assert Patient.objects.filter(self_registered=True).count() == 2
    assert not Appointment.objects.filter(patient=known).exists()


def test_going_on_pressed_twice_holds_one_time(booking: OpenClinic, stranger: Client) -> None:
    address = booking.times(booking.practitioner, day=far_day())
    [time, *_] = free_times(stranger, address)
    first, second = (stranger.post(address, {"time": time})["Location"] for _ in range(2))
    assert first == second
    assert Appointment.objects.count() == 1


def test_booking_pressed_twice_books_once(booking: OpenClinic, stranger: Client) -> None:
    address = hold(stranger, booking)
    first, second = (stranger.post(address, TYPED)["Location"] for _ in range(2))
    assert first == second
    assert Patient.objects.filter(self_registered=True).count() == 1
    assert stranger.get(address)["Location"] == first


def test_going_back_for_other_times_keeps_the_last_two(booking: OpenClinic, stranger: Client) -> None:
    held = [hold(stranger, booking, booking.practitioner) for _ in range(3)]
    assert len(set(held)) == 3
    assert Appointment.objects.filter(status=AppointmentStatus.PROPOSED).count() == 2
    assert Appointment.objects.order_by("pk")[0].status == AppointmentStatus.CANCELLED
    # The page of the time that was given back still books it, while nobody else wants it.
    assert stranger.post(held[0], TYPED).status_code == 302
    assert Appointment.objects.filter(status=AppointmentStatus.BOOKED).count() == 1


def test_time_taken_before_going_on_is_409_with_the_nearest_times(booking: OpenClinic, stranger: Client) -> None:
    address = booking.times(booking.practitioner, day=far_day())
    times = free_times(stranger, address)
    other = another()
    other.get(address)
    other.post(address, {"time": times[3]})
    answer = stranger.post(address, {"time": times[3]})
    page = text(answer)
    assert answer.status_code == 409
    assert "was just taken. Choose another time" in page
    assert "<title>Error: " in page
    near = TIME.findall(page)
    assert times[3] not in near
    assert {times[2], times[4]} <= set(near)
    assert stranger.post(address, {"time": near[0]}).status_code == 302


def test_hold_that_ran_out_is_taken_again_when_still_free(booking: OpenClinic, stranger: Client) -> None:
    address = hold(stranger, booking)
    run_out(Appointment.objects.get())
    end_holds()
    page = text(stranger.get(address))
    assert "still free" in page
    done = stranger.post(address, TYPED, follow=True)
    assert "Your visit is booked" in text(done)
    assert Appointment.objects.get(status=AppointmentStatus.BOOKED).held_by


def test_hold_that_ran_out_and_was_taken_is_409_and_keeps_everything_typed(
    booking: OpenClinic, stranger: Client
) -> None:
    address = hold(stranger, booking, booking.practitioner)
    mine = Appointment.objects.get()
    run_out(mine)
    other = another()
    hold(other, booking, booking.practitioner)
    answer = stranger.post(address, TYPED)
    page = text(answer)
    assert answer.status_code == 409
    assert "There is 1 thing to put right" in page
    assert all(f'value="{typed}"' in page for typed in TYPED.values())
    assert Patient.objects.filter(self_registered=True).count() == 0
    near = TIME.findall(page)
    assert near
    done = stranger.post(address, {**TYPED, "time": near[0]}, follow=True)
    assert "Your visit is booked" in text(done)
    booked = Appointment.objects.get(status=AppointmentStatus.BOOKED)
    assert booked.starts_at == dt.datetime.fromisoformat(near[0])


@pytest.mark.parametrize("anyone", [True, False])
def test_booking_again_what_took_the_place_of_a_lost_hold_books_once(
    clinic: Organization, stranger: Client, anyone: bool
) -> None:
    booking = open_clinic(clinic, practitioners=3)
    address = hold(stranger, booking, None if anyone else booking.practitioner)
    run_out(Appointment.objects.get())
    first, second = (stranger.post(address, TYPED)["Location"] for _ in range(2))
    assert first == second
    assert Appointment.objects.filter(status__in=STANDING).count() == 1
    assert Patient.objects.filter(self_registered=True).count() == 1
    # Back, to a page that is loaded anew, leads to what was booked as well.
    assert stranger.get(address)["Location"] == first
    # Somebody else of the family by the same page is another visit.
    stranger.post(address, {**TYPED, "name": "Otto Fern", "birth_date": "1950-01-01"})
    assert Appointment.objects.filter(status__in=STANDING).count() == (2 if anyone else 1)


def test_bad_phone_and_taken_time_are_told_together(booking: OpenClinic, stranger: Client) -> None:
    address = hold(stranger, booking, booking.practitioner)
    run_out(Appointment.objects.get())
    hold(another(), booking, booking.practitioner)
    answer = stranger.post(address, {**TYPED, "phone": "555-01?"})
    page = text(answer)
    assert answer.status_code == 422
    assert "There are 2 things to put right" in page
    assert "was just taken. Choose another time" in page
    assert "Enter a phone number, like 555-0142" in page
    assert 'value="555-01?"' in page


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Enter your name"),
        ("name", "???", "Enter your name"),
        ("name", "x" * 181, "Enter your name in 180 letters or fewer"),
        ("birth_date", "", "Enter your birth date"),
        ("birth_date", "2199-01-01", "cannot be later than today"),
        ("birth_date", "0048-05-03", "four digits"),
        ("birth_date", "31.2.1974", "like 1974-02-11"),
        ("phone", "555-01", "Enter a phone number, like 555-0142"),
        ("phone", "1" * 33, "Enter a phone number, like 555-0142"),
        ("email", "nobody", "Enter an email address, like name@example.org"),
        ("time", "yesterday", "Choose a time from the page"),
        ("time", "2026-11-25T09:00", "Choose a time from the page"),
    ],
)
def test_details_say_one_clear_thing_for_bad_input(
    booking: OpenClinic, stranger: Client, field: str, typed: str, words: str
) -> None:
    answer = stranger.post(hold(stranger, booking), {**TYPED, field: typed})
    assert answer.status_code == 422
    assert words in text(answer)
    assert Patient.objects.filter(self_registered=True).count() == 0


@pytest.mark.parametrize(
    "time",
    [
        "",
        "soon",
        "2026-11-25T09:00",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59-12:00",
        "2020-01-01T10:00:00+00:00",
    ],
)
def test_time_page_refuses_times_that_it_did_not_show(booking: OpenClinic, stranger: Client, time: str) -> None:
    answer = stranger.post(booking.times(), {"time": time})
    assert answer.status_code == 422
    assert "<title>Error: " in text(answer)
    assert Appointment.objects.count() == 0


def test_time_outside_the_hours_or_beside_the_steps_is_not_held(booking: OpenClinic, stranger: Client) -> None:
    address = booking.times(booking.practitioner, day=far_day())
    first = dt.datetime.fromisoformat(free_times(stranger, address)[0])
    for wrong in (first - dt.timedelta(hours=3), first + dt.timedelta(minutes=7)):
        answer = stranger.post(address, {"time": wrong.isoformat()})
        assert answer.status_code == 422
        assert "That time cannot be booked" in text(answer)
    assert Appointment.objects.count() == 0


def test_time_in_another_zone_names_both(booking: OpenClinic, stranger: Client) -> None:
    there = booking.times(booking.practitioner, day=far_day(), zone="Europe/Berlin")
    page = text(stranger.get(there))
    assert "Berlin time" in page
    assert f"{booking.practitioner.short_name} works in Chicago time" in page
    address = stranger.post(there, {"time": TIME.findall(page)[0]})["Location"]
    details = text(stranger.get(address))
    assert "Berlin time" in details
    assert "in Chicago time" in details
    assert Appointment.objects.get().timezone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "localtime", "Factory"])
def test_zone_that_is_none_everywhere_is_the_clinics(booking: OpenClinic, stranger: Client, zone: str) -> None:
    assert "Chicago time" in text(stranger.get(booking.times(zone=zone)))


def test_days_say_how_many_are_free_and_which_is_closed(booking: OpenClinic, stranger: Client) -> None:
    shown = dt.date.fromisoformat(far_day())
    closed = shown + dt.timedelta(days=1)
    DatedException.objects.create(organization=booking.organization, kind="closed", label="Works", day=closed)
    page = text(stranger.get(booking.times(day=far_day()) + f"&from={far_day()}"))
    assert "30 free" in page
    assert "closed" in page
    assert page.count("book-day-none") == 1
    assert "More<br>days" in page


def test_any_time_of_the_pool_is_offered_and_goes_to_somebody_who_is_free(
    clinic: Organization, stranger: Client
) -> None:
    booking = open_clinic(clinic, practitioners=2)
    address = booking.times(day=far_day())
    [time, *_] = free_times(stranger, address)
    for _ in range(2):
        browser = another()
        browser.get(address)
        assert browser.post(address, {"time": time}).status_code == 302
    assert {one.practitioner_id for one in Appointment.objects.all()} == {one.pk for one in booking.practitioners}
    assert stranger.post(address, {"time": time}).status_code == 409


def test_any_time_of_the_pool_never_goes_to_somebody_who_is_off_then(clinic: Organization, stranger: Client) -> None:
    booking = open_clinic(clinic, practitioners=3)
    afternoons, gone, mornings = booking.practitioners
    WeeklyRule.objects.filter(schedule__practitioner=afternoons).update(starts=14 * 60)
    type(gone.user).objects.filter(pk=gone.user.pk).update(is_active=False)
    address = booking.times(None, day=far_day())
    time = free_times(stranger, address)[0]
    assert stranger.post(address, {"time": time}).status_code == 302
    assert Appointment.objects.get().practitioner == mornings
    # The second browser is told that it is taken: nobody else is there.
    assert another().post(address, {"time": time}).status_code == 409
    assert Appointment.objects.count() == 1


def test_practitioner_who_does_not_offer_the_type_is_said(booking: OpenClinic, stranger: Client) -> None:
    colleague = bookable(factories.make_practitioner(booking.organization))
    other = VisitType.objects.create(organization=booking.organization, name="Wounds", minutes=20)
    other.practitioners.set([colleague])
    answer = stranger.get(booking.times(colleague))
    assert answer.status_code == 422
    assert f"{colleague.display_name} does not offer this visit" in text(answer)


def test_clinic_without_self_booking_shows_the_desk_and_no_button(clinic: Organization, stranger: Client) -> None:
    booking = open_clinic(clinic, self_booking=False)
    assert 'href="/book/"' not in text(stranger.get("/"))
    assert "takes bookings by phone" in text(stranger.get("/book/"))
    assert stranger.post(booking.times(), {"time": now().isoformat()}).status_code == 422
    assert Appointment.objects.count() == 0


def test_home_names_the_next_free_time_of_each(booking: OpenClinic, stranger: Client) -> None:
    page = text(stranger.get("/"))
    assert "Next free: " in page
    assert f"/book/?who={booking.practitioner.uuid}" in page
    type(booking.practitioner.user).objects.update(is_active=False)
    assert booking.practitioner.display_name not in text(stranger.get("/"))


def test_booking_that_the_desk_confirms_is_pending_and_says_so(clinic: Organization, stranger: Client) -> None:
    booking = open_clinic(clinic, confirm_self_bookings=True)
    done = text(stranger.post(hold(stranger, booking), TYPED, follow=True))
    assert "The front desk still confirms it" in done
    assert Appointment.objects.get().status == AppointmentStatus.PENDING


def test_booking_is_audited_and_a_refusal_too(booking: OpenClinic, stranger: Client) -> None:
    address = hold(stranger, booking, booking.practitioner)
    run_out(Appointment.objects.get())
    hold(another(), booking, booking.practitioner)
    stranger.post(address, TYPED)
    refused = AuditEvent.objects.get(action="scheduling.self_booking.use")
    assert (refused.outcome, refused.detail["code"]) == ("refused", "slot.taken")
    stranger.post(address, {**TYPED, "time": free_times(stranger, booking.times(day=far_day()))[5]})
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"patient.register_oneself", "scheduling.hold.make", "scheduling.hold.book"} <= actions


def test_staff_who_book_here_are_strangers_like_everybody(
    booking: OpenClinic, doctor: Practitioner, doctors_browser: Client
) -> None:
    doctors_browser.post(hold(doctors_browser, booking), TYPED)
    assert AuditEvent.objects.get(action="scheduling.hold.book").actor_type == "anonymous"


def test_cookie_counts_under_book_only_and_is_out_of_reach_of_scripts(booking: OpenClinic, stranger: Client) -> None:
    stranger.get(booking.times())
    cookie = stranger.cookies[COOKIE_NAME]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/book/", True, "Lax")
