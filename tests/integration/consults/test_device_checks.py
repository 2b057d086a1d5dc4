"""What a device check finds: kept per person, the newest counts, told to staff in words."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from audit.models import AuditEvent
from consults import services
from consults.models import DoorCheck, Encounter, Queue
from consults.selectors import device_checks, device_trouble, device_words, waiting_queue
from consults.services import Finding
from core.errors import Invalid
from scheduling.links import secret_for
from tests import factories as make

pytestmark = pytest.mark.django_db

FINE = Finding(camera="works", microphone="heard", speaker="heard", path="udp", round_trip_ms=31, browser="Chrome 140")
JSON = {"accept": "application/json"}


def keep(visit: Encounter, **fields: Any) -> DoorCheck:
    finding = Finding(**fields) if fields else FINE
    return services.keep_device_check(actor=make.patient_actor(visit.appointment), encounter=visit, finding=finding)


def browser_at(visit: Encounter) -> tuple[Client, str]:
    link = visit.appointment.links.get(guest=None)
    client = Client()
    client.post(reverse("visit-open", args=[link.uuid]), {"secret": secret_for(link)})
    return client, reverse("visit-devices", args=[link.uuid])


def test_newest_check_of_a_person_counts_and_tells_the_board() -> None:
    visit = make.make_visit()
    keep(visit)
    version = Queue.objects.get(pk=visit.queue_id).version
    keep(visit, camera="denied", microphone="heard", path="udp")
    assert DoorCheck.objects.count() == 1
    assert device_trouble([visit])[visit.pk].words == "Camera blocked in the browser"
    assert Queue.objects.get(pk=visit.queue_id).version > version
    keep(visit)
    assert device_trouble([visit]) == {}
    assert device_words([visit])[visit.pk].words == "Test passed: good connection"


def test_same_check_once_more_leaves_no_second_event() -> None:
    visit = make.make_visit()
    keep(visit)
    keep(visit)
    assert AuditEvent.objects.filter(action="consults.devices.tell").count() == 1


def test_trouble_names_the_worst_first_and_of_a_guest_says_so() -> None:
    visit, other = make.make_visit(), make.make_visit()
    keep(visit, camera="none", microphone="silent", path="none", in_app="facebook")
    words = device_trouble([visit])[visit.pk].words
    assert words == (
        "No way through for picture and sound, microphone silent, no camera found, page open inside another app"
    )
    guest = make.guest_actor(make.make_guest(other.appointment))
    services.keep_device_check(actor=guest, encounter=other, finding=Finding(microphone="busy"))
    keep(other)
    assert device_trouble([other])[other.pk].words == "Guest: microphone used by another program"


@pytest.mark.parametrize("choice", [{"camera": "off"}, {"path": "tcp"}, {"path": "turn", "spare": "works"}, {}])
def test_what_was_chosen_or_works_somehow_is_no_trouble(choice: dict[str, str]) -> None:
    visit = make.make_visit()
    keep(visit, microphone="works", **choice)
    assert device_trouble([visit]) == {}


def test_visit_that_goes_on_shows_by_itself_what_works() -> None:
    visit = make.make_waiting_visit()
    keep(visit, camera="busy")
    assert visit.pk in device_trouble([visit])
    services.admit_patient(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    visit.refresh_from_db()
    assert device_trouble([visit]) == {}


@pytest.mark.parametrize(
    "finding",
    [Finding(camera="<b>"), Finding(path="x" * 300), Finding(round_trip_ms=-1), Finding(browser="x" * 61)],
)
def test_finding_that_is_none_of_ours_is_refused(finding: Finding) -> None:
    visit = make.make_visit()
    with pytest.raises(Invalid):
        services.keep_device_check(actor=make.patient_actor(visit.appointment), encounter=visit, finding=finding)


def test_board_and_visit_page_say_it_in_words() -> None:
    visit = make.make_visit()
    keep(visit, camera="denied", microphone="heard", path="tcp", round_trip_ms=80, browser="Safari 17 on iPhone")
    board = waiting_queue(make.practitioner_actor(visit.practitioner), visit.queue)
    assert board.later[0].devices is not None
    assert board.later[0].devices.is_trouble
    desk = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    [checked] = device_checks(desk, visit.appointment)
    assert checked.who == visit.patient.full_name
    assert checked.findings == (
        "Camera blocked in the browser",
        "Microphone heard",
        "Connection only over TCP, may be slower, 80 ms there and back",
    )
    assert device_checks(make.staff_actor(Role.FRONT_DESK), visit.appointment) == []


def test_page_posts_what_it_found_and_the_browser_says_which_it_is() -> None:
    visit = make.make_visit()
    client, address = browser_at(visit)
    agent = {"User-Agent": "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 Instagram 340"}
    posted = {"camera": "insecure", "microphone": "insecure", "path": "udp", "round_trip_ms": "12", "extra": "1"}
    assert client.post(address, posted, headers=JSON | agent).json() == {"ok": True}
    row = DoorCheck.objects.get()
    assert (row.camera, row.in_app, row.browser) == ("insecure", "instagram", "A browser on iPhone")
    doctor = Client()
    doctor.force_login(visit.practitioner.user)
    page = doctor.get(reverse("appointment", args=[visit.appointment.uuid])).content.decode()
    assert "No camera in this browser" in page
    assert "Device trouble" in page


def test_page_that_posts_nonsense_or_too_much_is_refused() -> None:
    visit = make.make_visit()
    client, address = browser_at(visit)
    for posted in ({"camera": "sideways"}, {"round_trip_ms": "-5"}, {"camera": "works", "x": "y" * 5_000}):
        answer = client.post(address, posted, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "devices.unreadable")
    codes = {client.post(address, {"camera": "works"}, headers=JSON).status_code for _ in range(65)}
    assert codes == {200, 429}
