"""A recording of a visit that was passed on out of its call: behind the code too, cancelled or still waiting."""

from collections.abc import Callable

import pytest

from consults import codes, services
from consults.models import Encounter, LeaveCode
from notifications.kinds import Letter
from notifications.models import Message
from recordings.models import Stream
from recordings.selectors.erasable import erasable_recording
from scheduling.links import secret_for
from scheduling.services import cancel_appointment
from tests import factories
from tests.integration.recordings.people import link_of
from tests.integration.recordings.test_behind_the_code import answers, entered, film_of
from tests.played import Played, ready_recording

pytestmark = pytest.mark.django_db(transaction=True)

End = Callable[[Encounter], None]
BUTTON = "Play the recording"


@pytest.fixture
def visit() -> Encounter:
    return factories.make_visit_in_progress()


@pytest.fixture
def played(visit: Encounter) -> Played:
    return ready_recording(visit, films=[("practitioner", b"doctor", {}), ("patient", b"patient", {})])


def passed_on(visit: Encounter) -> None:
    doctor = factories.practitioner_actor(visit.practitioner)
    services.pass_on(actor=doctor, encounter=visit, to=factories.make_practitioner(visit.organization))
    visit.refresh_from_db()
    assert visit.status == "arrived"


def cancelled(visit: Encounter) -> None:
    passed_on(visit)
    cancel_appointment(actor=factories.patient_actor(visit.appointment), appointment=visit.appointment, reason="")
    visit.refresh_from_db()
    assert visit.status == "cancelled"


def page_of(path: str, played: Played) -> str:
    return f"{path}recordings/{played.recording.uuid}/"


@pytest.mark.parametrize("end", [cancelled, passed_on])
def test_link_alone_opens_nothing_and_leads_to_the_button(visit: Encounter, played: Played, end: End) -> None:
    film = film_of(played, visit)
    path, client = link_of(visit)
    end(visit)
    closed = answers(client, page_of(path, played), played, film)
    assert (closed.pop("player"), set(closed.values())) == (302, {404})
    assert Stream.objects.exclude(erase_asked_at=None).count() == 0
    shown = client.get(page_of(path, played), follow=True).content.decode()
    assert BUTTON in shown
    assert f'action="{path}after/code/"' in shown
    assert "recordings/" not in shown


@pytest.mark.parametrize("end", [cancelled, passed_on])
def test_code_opens_every_address_for_that_session_only(visit: Encounter, played: Played, end: End) -> None:
    film = film_of(played, visit)
    path, client = link_of(visit)
    end(visit)
    entered(client, path)
    left = client.get(f"{path}after/").content.decode()
    assert f'href="{page_of(path, played)}"' in left
    other = answers(link_of(visit)[1], page_of(path, played), played, film)
    assert (other.pop("player"), set(other.values())) == (302, {404})
    opened = answers(client, page_of(path, played), played, film)
    assert (opened.pop("range"), set(opened.values())) == (206, {200})
    assert Stream.objects.exclude(erase_asked_at=None).count() == 1


def test_cancelled_page_has_the_button_and_after_the_code_the_recording(visit: Encounter, played: Played) -> None:
    path, client = link_of(visit)
    cancelled(visit)
    before = client.get(path).content.decode()
    assert "This visit is cancelled" in before
    assert BUTTON in before
    entered(client, path)
    assert f'href="{page_of(path, played)}"' in client.get(path).content.decode()
    assert f'href="{page_of(path, played)}"' not in link_of(visit)[1].get(path).content.decode()


def test_own_part_can_be_erased_once_the_code_was_entered(visit: Encounter, played: Played) -> None:
    path, client = link_of(visit)
    cancelled(visit)
    assert erasable_recording(factories.patient_actor(visit.appointment), visit) is None
    entered(client, path)
    secret = secret_for(visit.appointment.links.get())
    assert client.post(f"{path}open/", {"secret": secret}).status_code == 204
    assert client.post(f"{page_of(path, played)}erase-mine/", HTTP_ACCEPT="application/json").status_code == 200


@pytest.mark.parametrize("end", [cancelled, passed_on])
def test_visit_of_which_nothing_was_recorded_has_no_code(visit: Encounter, end: End) -> None:
    path, client = link_of(visit)
    end(visit)
    assert BUTTON not in client.get(path).content.decode()
    assert client.post(f"{path}after/code/").status_code == 404
    assert client.post(f"{path}after/", {"code": "123456"}).status_code == 404
    assert client.get(f"{path}after/")["Location"] == path
    assert not LeaveCode.objects.exists()
    assert not Message.objects.filter(kind="visit.code").exists()


def test_in_the_next_call_it_is_as_in_the_first(visit: Encounter, played: Played) -> None:
    path, client = link_of(visit)
    passed_on(visit)
    Encounter.objects.filter(pk=visit.pk).update(status="in-progress")
    assert client.get(page_of(path, played)).status_code == 200
    assert client.post(f"{path}after/code/").status_code == 404


def test_letter_with_the_code_goes_out_for_a_cancelled_visit(visit: Encounter, played: Played) -> None:
    path, client = link_of(visit)
    cancelled(visit)
    client.post(f"{path}after/code/")
    assert isinstance(codes.look(Message.objects.get(kind=codes.KIND)), Letter)
