"""After the visit: what its link shows before a code, what the code opens, and for whom it opens nothing."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.models import Patient
from audit.models import AuditEvent
from consults import codes, services
from consults.models import Encounter, LeaveCode
from consults.selectors.visits import told_of
from consults.services.after import ask_for_code, enter_code
from core.clock import now
from core.errors import Invalid, NotFound, RateLimited
from core.ids import new_uuid
from notifications.kinds import Letter, Skip
from notifications.models import Message
from scheduling.links import secret_for
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=False) as traveller:
        yield traveller


def finished_visit(*, written_with_the_desk: str = "", **fields: Any) -> Encounter:
    """A visit with an interpreter and two lines of chat, held and over."""
    visit = make.make_visit_in_progress(**fields)
    make.seat_guest(visit, make.make_guest(visit.appointment))
    doctor = make.practitioner_actor(visit.practitioner)
    if written_with_the_desk:
        patient = make.patient_actor(visit.appointment)
        services.post_to_desk(actor=patient, encounter=visit, body=written_with_the_desk, client_id=new_uuid())
    services.take_seat(actor=doctor, encounter=visit, holder=new_uuid())
    services.post_chat(actor=doctor, encounter=visit, body="Take it every evening.", client_id=new_uuid())
    Encounter.objects.filter(pk=visit.pk).update(started_at=now() - dt.timedelta(minutes=19))
    services.finish_visit(actor=doctor, encounter=visit)
    return Encounter.objects.select_related("patient", "practitioner", "organization", "appointment").get(pk=visit.pk)


def browser_of(visit: Encounter) -> Client:
    link, client = visit.appointment.links.get(guest=None), Client()
    assert client.post(reverse("visit-open", args=[link.uuid]), {"secret": secret_for(link)}).status_code == 204
    return client


def address(visit: Encounter, name: str) -> str:
    return reverse(name, args=[visit.appointment.links.get(guest=None).uuid])


def asked(actor: Actor, visit: Encounter) -> bool:
    try:
        ask_for_code(actor=actor, encounter=visit)
    except RateLimited:
        return False
    return True


def newest(visit: Encounter) -> LeaveCode:
    found = LeaveCode.objects.filter(encounter=visit).order_by("-number").first()
    assert found is not None
    return found


def test_before_the_code_the_page_says_finished_and_nothing_of_the_visit() -> None:
    visit = finished_visit()
    body = browser_of(visit).get(address(visit, "visit")).content.decode()
    assert "Your visit is finished" in body
    assert visit.organization.phone in body
    for private in (visit.patient.given_name, visit.practitioner.family_name, "every evening", "Ana Lopez"):
        assert private not in body


def as_data(client: Client, address: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(address, headers={"Accept": "application/json"}).json()
    return found


def test_page_asked_for_data_tells_no_time_and_nobody_and_no_line_with_the_desk_before_the_code() -> None:
    visit = finished_visit(written_with_the_desk="Where is room two?")
    client = browser_of(visit)
    assert as_data(client, address(visit, "visit")) == {"ok": True, "state": "ended", "told": ""}
    assert as_data(client, address(visit, "visit-desk")) == {"ok": True, "lines": [], "open": False}
    client.post(address(visit, "visit-leave-code"))
    client.post(address(visit, "visit-leave-behind"), {"code": codes.code_of(newest(visit))})
    assert as_data(client, address(visit, "visit"))["told"] == told_of(visit)
    assert [line["body"] for line in as_data(client, address(visit, "visit-desk"))["lines"]] == ["Where is room two?"]
    guest = visit.appointment.links.exclude(guest=None).get()
    other = Client()
    other.post(reverse("visit-open", args=[guest.uuid]), {"secret": secret_for(guest)})
    assert as_data(other, reverse("visit", args=[guest.uuid]))["told"] == ""


def test_code_that_was_sent_opens_everything_for_that_session_only() -> None:
    visit = finished_visit(patient=make.make_patient(email="ros@example.org"))
    client, other = browser_of(visit), browser_of(visit)
    coming = make.make_appointment(
        patient=visit.patient, practitioner=visit.practitioner, starts_at=now() + dt.timedelta(days=9)
    )
    assert client.post(address(visit, "visit-leave-code")).headers["Location"] == address(visit, "visit-leave-behind")
    asked = client.get(address(visit, "visit-leave-behind")).content.decode()
    assert "ros@example.org" not in asked
    assert visit.practitioner.family_name not in asked
    message = Message.objects.get(kind=codes.KIND)
    letter = codes.look(message)
    assert isinstance(letter, Letter)
    code = letter.words["code"]
    assert len(code) == 6
    typed = f" {code[:3]} {code[3:]} "
    assert client.post(address(visit, "visit-leave-behind"), {"code": typed}).status_code == 302
    body = client.get(address(visit, "visit-leave-behind")).content.decode()
    for told in ("every evening", "Ana Lopez, interpreter", "19 minutes", visit.patient.given_name):
        assert told in body
    assert coming.practitioner.family_name in body
    assert other.get(address(visit, "visit-leave-behind")).status_code == 302
    assert isinstance(codes.look(message), Skip)  # used up: sent again it would open nothing


def test_page_closes_again_after_an_hour(clock: Any) -> None:
    visit = finished_visit()
    client = browser_of(visit)
    client.post(address(visit, "visit-leave-code"))
    client.post(address(visit, "visit-leave-behind"), {"code": codes.code_of(newest(visit))})
    assert client.get(address(visit, "visit-leave-behind")).status_code == 200
    clock.move_to(now() + dt.timedelta(minutes=61))
    assert client.get(address(visit, "visit-leave-behind")).headers["Location"] == address(visit, "visit")


def test_wrong_code_is_counted_and_the_right_one_counts_no_longer_after_five() -> None:
    visit = finished_visit()
    actor = make.patient_actor(visit.appointment)
    ask_for_code(actor=actor, encounter=visit)
    right = codes.code_of(newest(visit))
    wrong = str((int(right) + 1) % 10**6).zfill(6)
    said = set()
    for typed in (wrong, wrong, wrong, "", "x" * 500, right):
        with pytest.raises(Invalid) as refusal:
            enter_code(actor=actor, encounter=visit, typed=typed)
        said.add(refusal.value.message)
    assert len(said) == 1
    assert AuditEvent.objects.filter(action="consults.leave.enter", outcome="refused").count() == 6


def test_fifth_try_may_be_the_right_one() -> None:
    visit = finished_visit()
    actor = make.patient_actor(visit.appointment)
    ask_for_code(actor=actor, encounter=visit)
    right = codes.code_of(newest(visit))
    for _ in range(4):
        with pytest.raises(Invalid):
            enter_code(actor=actor, encounter=visit, typed="no")
    enter_code(actor=actor, encounter=visit, typed=right)
    with pytest.raises(Invalid):
        enter_code(actor=actor, encounter=visit, typed=right)


def test_old_code_and_one_that_was_replaced_open_nothing(clock: Any) -> None:
    visit = finished_visit()
    actor = make.patient_actor(visit.appointment)
    ask_for_code(actor=actor, encounter=visit)
    first = newest(visit)
    ask_for_code(actor=actor, encounter=visit)
    for row in (first, None):
        with pytest.raises(Invalid):
            enter_code(actor=actor, encounter=visit, typed=codes.code_of(row) if row else "")
    assert codes.look(Message.objects.get(version=1)) == Skip("newer")
    second = newest(visit)
    clock.move_to(now() + dt.timedelta(minutes=10, seconds=1))
    with pytest.raises(Invalid):
        enter_code(actor=actor, encounter=visit, typed=codes.code_of(second))
    assert codes.look(Message.objects.get(version=2)) == Skip("too_late")


def test_codes_have_a_limit_by_the_hour_and_by_the_day(clock: Any) -> None:
    visit = finished_visit()
    actor, sent = make.patient_actor(visit.appointment), 0
    for _ in range(8):
        while asked(actor, visit):
            sent += 1
        clock.move_to(now() + dt.timedelta(minutes=61))
    assert sent == 10
    client = browser_of(visit)
    assert client.post(address(visit, "visit-leave-code")).status_code == 429


@pytest.mark.parametrize("contact", [{"email": "a@example.org"}, {"phone": "+441632960007"}, {}])
def test_nobody_is_told_whether_there_is_a_contact(contact: dict[str, str]) -> None:
    visit = finished_visit(patient=make.make_patient(**contact))
    client = browser_of(visit)
    answer = client.post(address(visit, "visit-leave-code"), follow=True)
    assert "If the clinic has an email address or a phone number" in answer.content.decode()
    assert "example.org" not in answer.content.decode()


def test_guests_and_visits_that_are_not_over_have_nothing_behind() -> None:
    visit, open_one = finished_visit(), make.make_visit_in_progress()
    guest = make.guest_actor(visit.appointment.guests.get())
    for actor, encounter in ((guest, visit), (make.patient_actor(open_one.appointment), open_one)):
        with pytest.raises(NotFound):
            ask_for_code(actor=actor, encounter=encounter)
        with pytest.raises(NotFound):
            enter_code(actor=actor, encounter=encounter, typed="123456")
    assert Patient.objects.exists()
    assert Message.objects.filter(kind=codes.KIND).count() == 0


def test_what_is_stored_is_no_code() -> None:
    visit = finished_visit()
    ask_for_code(actor=make.patient_actor(visit.appointment), encounter=visit)
    row = newest(visit)
    stored = " ".join(str(value) for value in LeaveCode.objects.filter(pk=row.pk).values_list()[0])
    assert codes.code_of(row) not in stored
    assert codes.code_of(row) not in " ".join(str(each.detail) for each in AuditEvent.objects.all())
