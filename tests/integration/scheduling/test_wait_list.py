"""The wait list: a freed time goes to one person at a time, in order; after no, or silence, to the next."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import Patient
from accounts.roles import Role
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling import waitlinks
from scheduling.lifecycle import WaitStatus
from scheduling.models import Appointment, BookingTerms, OccupiedSpan, WaitListEntry, WaitListOffer
from scheduling.selectors.waiting import own_visit
from scheduling.services import cancel_appointment, end_holds, reissue_link
from scheduling.services.waitlist import (
    accept_offer,
    decline_offer,
    join_wait_list,
    leave_wait_list,
    sweep_wait_list,
)
from scheduling.visitors import visitor
from tests import factories
from tests.open_clinic import OpenClinic, open_clinic

pytestmark = pytest.mark.django_db

Commits = Callable[..., AbstractContextManager[list[Callable[..., None]]]]
WHOLE = {"earliest": 0, "latest": 24 * 60}


@pytest.fixture
def clinic() -> OpenClinic:
    return open_clinic()


@pytest.fixture
def freed(clinic: OpenClinic, django_capture_on_commit_callbacks: Commits) -> Iterator[Callable[[], Appointment]]:
    """Books a time ten days ahead and cancels it; what is told after the commit is told."""
    starts_at = (now() + dt.timedelta(days=10)).replace(hour=16, minute=0, second=0, microsecond=0)

    def free() -> Appointment:
        visit = factories.make_appointment(practitioner=clinic.practitioner, starts_at=starts_at)
        with django_capture_on_commit_callbacks(execute=True):
            cancel_appointment(actor=factories.SYSTEM, appointment=visit, reason="")
        return visit

    return free


def wish(clinic: OpenClinic, **changes: Any) -> WaitListEntry:
    person = {
        "given_name": "Otto",
        "family_name": "Pepperday",
        "birth_date": dt.date(1974, 2, 11),
        "phone": "555-0172",
        "email": "otto@pepperday.example",
    }
    first = now().date()
    asked: dict[str, Any] = {
        "actor": visitor("x" * 32),
        "organization": clinic.organization,
        "person": person,
        "visit_type": clinic.visit_type,
        "practitioner": None,
        "first_day": first,
        "last_day": first + dt.timedelta(days=30),
        **WHOLE,
    }
    return join_wait_list(**{**asked, **changes})


def own(entry: WaitListEntry) -> Any:
    _, cookie = waitlinks.open_entry(uuid=entry.uuid, secret=waitlinks.secret_for(entry))
    return waitlinks.actor_for_cookie(waitlinks.path_of(entry), {waitlinks.COOKIE_NAME: cookie})


def states(*entries: WaitListEntry) -> list[str]:
    for entry in entries:
        entry.refresh_from_db()
    return [str(entry.status) for entry in entries]


def lapse(entry: WaitListEntry) -> None:
    entry.refresh_from_db()
    assert entry.offer is not None
    Appointment.objects.filter(pk=entry.offer.pk).update(held_until=now() - dt.timedelta(seconds=1))


def test_freed_time_is_held_for_the_first_who_came(clinic: OpenClinic, freed: Callable[[], Appointment]) -> None:
    first, second = wish(clinic), wish(clinic)
    visit = freed()
    assert states(first, second) == ["offered", "waiting"]
    assert first.offer is not None
    assert (first.offer.starts_at, first.offer.status) == (visit.starts_at, "proposed")
    minutes = (first.offer.held_until - now()).total_seconds() / 60  # type: ignore[operator]
    assert 14 < minutes <= 15
    assert OccupiedSpan.objects.filter(appointment=first.offer).count() == 1


def test_offer_lasts_as_long_as_the_clinic_says(clinic: OpenClinic, freed: Callable[[], Appointment]) -> None:
    BookingTerms.objects.update(offer_minutes=40)
    entry = wish(clinic)
    freed()
    entry.refresh_from_db()
    assert entry.offer is not None
    assert (entry.offer.held_until - now()).total_seconds() > 39 * 60  # type: ignore[operator]


def test_yes_books_it_with_one_press_and_twice_is_once(clinic: OpenClinic, freed: Callable[[], Appointment]) -> None:
    entry = wish(clinic)
    freed()
    booked = accept_offer(actor=own(entry), entry=entry)
    again = accept_offer(actor=own(entry), entry=entry)
    assert booked.pk == again.pk
    assert states(entry) == ["booked"]
    assert Appointment.objects.get(pk=booked.pk).patient == entry.patient
    assert booked.links.count() == 1
    assert WaitListOffer.objects.get().answer == "accepted"


def test_link_that_the_desk_made_since_is_not_given_to_who_has_the_link_of_the_list(
    clinic: OpenClinic, freed: Callable[[], Appointment]
) -> None:
    entry = wish(clinic)
    freed()
    booked = accept_offer(actor=own(entry), entry=entry)
    entry.refresh_from_db()
    [link] = booked.links.all()
    assert own_visit(own(entry), entry) == link
    reissue_link(actor=factories.staff_actor(Role.FRONT_DESK, organization=clinic.organization), link=link)
    assert own_visit(own(entry), entry) is None


def test_no_asks_the_next_and_keeps_the_place(
    clinic: OpenClinic, freed: Callable[[], Appointment], django_capture_on_commit_callbacks: Commits
) -> None:
    first, second = wish(clinic), wish(clinic)
    visit = freed()
    with django_capture_on_commit_callbacks(execute=True):
        decline_offer(actor=own(first), entry=first)
    assert states(first, second) == ["waiting", "offered"]
    assert second.offer is not None
    assert second.offer.starts_at == visit.starts_at
    assert WaitListOffer.objects.get(entry=first).answer == "declined"


def test_silence_asks_the_next_and_nobody_is_asked_twice_for_one_time(
    clinic: OpenClinic, freed: Callable[[], Appointment], django_capture_on_commit_callbacks: Commits
) -> None:
    first, second = wish(clinic), wish(clinic)
    freed()
    for entry in (first, second):
        lapse(entry)
        with django_capture_on_commit_callbacks(execute=True):
            assert sweep_wait_list() == 1
    assert states(first, second) == ["waiting", "waiting"]
    assert list(WaitListOffer.objects.order_by("pk").values_list("answer", flat=True)) == ["lapsed", "lapsed"]
    assert not OccupiedSpan.objects.exists()


def test_sweep_of_holds_before_the_sweep_of_the_list_loses_nobody(
    clinic: OpenClinic, freed: Callable[[], Appointment], django_capture_on_commit_callbacks: Commits
) -> None:
    first, second = wish(clinic), wish(clinic)
    freed()
    lapse(first)
    with django_capture_on_commit_callbacks(execute=True):
        end_holds()
    assert states(first, second) == ["offered", "offered"]
    with django_capture_on_commit_callbacks(execute=True):
        sweep_wait_list()
    assert states(first, second) == ["waiting", "offered"]


def test_yes_after_the_offer_has_lapsed_is_refused_and_keeps_the_place(
    clinic: OpenClinic, freed: Callable[[], Appointment]
) -> None:
    entry = wish(clinic)
    freed()
    lapse(entry)
    with pytest.raises(Conflict) as refusal:
        accept_offer(actor=own(entry), entry=entry)
    assert refusal.value.code == "offer.over"
    sweep_wait_list()
    assert states(entry) == ["waiting"]


@pytest.mark.parametrize(
    "changes",
    [
        {"earliest": 12 * 60, "latest": 18 * 60},
        {"first_day": now().date(), "last_day": now().date() + dt.timedelta(days=3)},
        {"first_day": now().date() + dt.timedelta(days=20)},
    ],
    ids=["other hours", "earlier days", "later days"],
)
def test_time_outside_the_wish_is_not_offered(
    clinic: OpenClinic, freed: Callable[[], Appointment], changes: dict[str, Any]
) -> None:
    entry = wish(clinic, **changes)
    freed()
    assert states(entry) == ["waiting"]


def test_wish_for_a_colleague_is_not_offered_others_times(clinic: OpenClinic, freed: Callable[[], Appointment]) -> None:
    colleague = factories.make_practitioner(clinic.organization)
    entry = wish(clinic, practitioner=colleague)
    freed()
    assert states(entry) == ["waiting"]


def test_leaving_passes_the_offer_on_and_twice_changes_nothing(
    clinic: OpenClinic, freed: Callable[[], Appointment], django_capture_on_commit_callbacks: Commits
) -> None:
    first, second = wish(clinic), wish(clinic)
    freed()
    actor = own(first)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            leave_wait_list(actor=actor, entry=first)
    assert states(first, second) == ["left", "offered"]


def test_desk_may_take_somebody_off_but_not_answer_for_them(
    clinic: OpenClinic, freed: Callable[[], Appointment]
) -> None:
    entry = wish(clinic)
    freed()
    desk = factories.staff_actor(Role.FRONT_DESK, organization=clinic.organization)
    with pytest.raises(NotFound):
        accept_offer(actor=desk, entry=entry)
    leave_wait_list(actor=desk, entry=entry)
    assert states(entry) == ["left"]


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.PRIVACY_OFFICER])
def test_others_of_the_staff_may_not_take_anybody_off(clinic: OpenClinic, role: Role) -> None:
    with pytest.raises(NotFound):
        leave_wait_list(actor=factories.staff_actor(role, organization=clinic.organization), entry=wish(clinic))


def test_wish_whose_days_are_over_ends(clinic: OpenClinic) -> None:
    entry = wish(clinic)
    WaitListEntry.objects.update(
        first_day=now().date() - dt.timedelta(days=9), last_day=now().date() - dt.timedelta(days=3)
    )
    sweep_wait_list()
    assert states(entry) == [WaitStatus.EXPIRED]


def test_wish_makes_a_self_registered_patient(clinic: OpenClinic) -> None:
    patient: Patient = wish(clinic).patient
    assert patient.self_registered


def test_wrong_secret_opens_no_place_on_the_list(clinic: OpenClinic) -> None:
    entry = wish(clinic)
    with pytest.raises(NotFound):
        waitlinks.open_entry(uuid=entry.uuid, secret="wrong")
    WaitListEntry.objects.update(generation=2)
    with pytest.raises(NotFound):
        waitlinks.open_entry(uuid=entry.uuid, secret=waitlinks.secret_for(entry))
