"""What people on the wait list are told: the link to come back by, and the time that is kept for them."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import time_machine

from core.clock import now
from notifications.models import ClinicMessages, Message, PlannedKind
from scheduling import waitlinks
from scheduling.models import WaitListEntry
from scheduling.services import cancel_appointment
from scheduling.services.waitlist import decline_offer, join_wait_list, leave_wait_list, sweep_wait_list
from scheduling.visitors import visitor
from tests import factories as make
from tests.integration.notifications.mailing import planned, send_all, sunk, told
from tests.open_clinic import OpenClinic, open_clinic

pytestmark = pytest.mark.django_db

Commits = Callable[..., AbstractContextManager[list[Callable[..., None]]]]
TEN_DAYS = dt.timedelta(days=10)


@pytest.fixture
def clinic() -> OpenClinic:
    found = open_clinic()
    ClinicMessages.objects.create(organization=found.organization, quiet_from=0, quiet_until=0)
    return found


def wish(clinic: OpenClinic) -> WaitListEntry:
    return join_wait_list(
        actor=visitor("x" * 32),
        organization=clinic.organization,
        person={
            "given_name": "Otto",
            "family_name": "Pepperday",
            "birth_date": dt.date(1974, 2, 11),
            "phone": "312-555-0172",
            "email": "otto@pepperday.example",
        },
        visit_type=clinic.visit_type,
        practitioner=None,
        first_day=now().date(),
        last_day=now().date() + dt.timedelta(days=30),
        earliest=0,
        latest=24 * 60,
    )


@pytest.fixture
def freed(clinic: OpenClinic, django_capture_on_commit_callbacks: Commits) -> Callable[[], dt.datetime]:
    """A time ten days ahead becomes free, and is offered."""

    def free() -> dt.datetime:
        at = (now() + TEN_DAYS).replace(hour=16, minute=0, second=0, microsecond=0)
        visit = make.make_appointment(practitioner=clinic.practitioner, starts_at=at)
        with django_capture_on_commit_callbacks(execute=True):
            cancel_appointment(actor=make.SYSTEM, appointment=visit, reason="")
        return at

    return free


def test_who_joins_the_list_gets_the_link_to_come_back_by(clinic: OpenClinic) -> None:
    entry = wish(clinic)
    send_all()
    mail = sunk("wait.joined")
    assert mail.text.startswith("Wait list\n")
    assert waitlinks.address_of(entry) in mail.text


def test_offer_says_until_when_the_time_is_kept_and_where_to_take_it(
    clinic: OpenClinic, freed: Callable[[], dt.datetime]
) -> None:
    entry = wish(clinic)
    freed()
    send_all()
    entry.refresh_from_db()
    assert entry.offer is not None
    row = Message.objects.get(kind="wait.offer")
    assert row.too_late_at == entry.offer.held_until
    mail = sunk("wait.offer")
    assert mail.text.startswith("Video visit from home\n")
    assert "We keep it for you until " in mail.text
    assert clinic.practitioner.display_name in mail.text
    assert waitlinks.address_of(entry) in mail.html


def test_offer_that_was_answered_or_ran_out_is_not_sent(clinic: OpenClinic, freed: Callable[[], dt.datetime]) -> None:
    entry = wish(clinic)
    freed()
    actor = waitlinks.actor_for_cookie(
        waitlinks.path_of(entry), {waitlinks.COOKIE_NAME: waitlinks.session_cookie_for(entry)}
    )
    decline_offer(actor=actor, entry=entry)
    send_all()
    assert planned(entry.uuid)["wait.offer"] == "skipped not_so"


def test_second_offer_is_a_message_of_its_own(
    clinic: OpenClinic, freed: Callable[[], dt.datetime], django_capture_on_commit_callbacks: Commits
) -> None:
    entry = wish(clinic)
    freed()
    send_all()
    with time_machine.travel(now() + dt.timedelta(days=1), tick=False):
        sweep_wait_list()
        freed()
        send_all()
    assert told(entry.uuid) == ["wait.joined", "wait.offer", "wait.offer"]


def test_who_has_left_the_list_is_told_nothing(clinic: OpenClinic) -> None:
    entry = wish(clinic)
    leave_wait_list(actor=make.SYSTEM, entry=entry)
    send_all()
    assert planned(entry.uuid) == {"wait.joined": "skipped not_so"}


def test_clinic_that_switches_it_off_tells_nobody(clinic: OpenClinic, freed: Callable[[], dt.datetime]) -> None:
    for kind in ("wait.joined", "wait.offer"):
        PlannedKind.objects.create(organization=clinic.organization, kind=kind, is_on=False)
    entry = wish(clinic)
    freed()
    assert planned(entry.uuid) == {}
