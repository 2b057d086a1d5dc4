"""What who waits and the front desk write to each other: stored once, in order, for these two sides only."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from audit.models import AuditEvent
from consults import selectors, services
from consults.limits import MOST_MESSAGES
from consults.models import DeskMessage, DeskThread, Encounter
from consults.selectors.desk import desk_page, desk_unread, patient_lines
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import links
from tests import factories as make
from tests.integration.notifications.mailing import MailingClinic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    cache.clear()


def patient_says(visit: Encounter, body: str, client_id: uuid.UUID | None = None) -> dict[str, Any]:
    actor = make.patient_actor(visit.appointment)
    found = selectors.get_visit(actor)
    return dict(services.post_to_desk(actor=actor, encounter=found, body=body, client_id=client_id or uuid.uuid4()))


def desk_of(visit: Encounter) -> Any:
    return make.staff_actor(Role.FRONT_DESK, organization=visit.organization)


def state(visit: Encounter) -> dict[str, Any]:
    actor = make.patient_actor(visit.appointment)
    found: dict[str, Any] = selectors.visit_snapshot(actor, selectors.get_visit(actor))["desk"]
    return found


def test_both_sides_read_the_same_lines_in_order_and_counts_go_down_with_reading() -> None:
    visit = make.make_waiting_visit()
    desk = desk_of(visit)
    patient_says(visit, "  Is the doctor late?  ")
    patient_says(visit, "I can wait.")
    assert desk_unread([visit.pk]) == {visit.pk: 2}
    [talk] = desk_page(desk, visit.uuid).talks
    assert [(line["seq"], line["body"], line["mine"]) for line in talk.lines] == [
        (1, "Is the doctor late?", False),
        (2, "I can wait.", False),
    ]
    services.read_at_desk(actor=desk, encounter=visit, seq=2)
    assert desk_unread([visit.pk]) == {}
    services.post_from_desk(actor=desk, encounter=visit, body="About 5 minutes.", client_id=uuid.uuid4())
    assert state(visit) == {"seq": 3, "unread": 1, "open": True}
    actor = make.patient_actor(visit.appointment)
    assert [line["body"] for line in patient_lines(actor, visit, 2)] == ["About 5 minutes."]
    services.read_by_patient(actor=actor, encounter=visit, seq=3)
    assert state(visit)["unread"] == 0
    # Nobody reads what is not there.
    services.read_by_patient(actor=actor, encounter=visit, seq=99)
    assert DeskThread.objects.get().read_by_patient == 3


def test_what_the_other_side_reads_while_somebody_writes_stays_read(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make.make_waiting_visit()
    desk, patient = desk_of(visit), make.patient_actor(visit.appointment)
    store = DeskThread.save

    def read_just_before(read: Callable[[], None]) -> None:
        def save(thread: DeskThread, **how: Any) -> None:
            read()
            store(thread, **how)

        monkeypatch.setattr(DeskThread, "save", save)

    patient_says(visit, "Is the doctor late?")
    read_just_before(lambda: services.read_at_desk(actor=desk, encounter=visit, seq=1))
    patient_says(visit, "I can wait.")
    assert desk_unread([visit.pk]) == {visit.pk: 1}
    services.post_from_desk(actor=desk, encounter=visit, body="Soon.", client_id=uuid.uuid4())
    read_just_before(lambda: services.read_by_patient(actor=patient, encounter=visit, seq=3))
    services.post_from_desk(actor=desk, encounter=visit, body="Now.", client_id=uuid.uuid4())
    assert state(visit)["unread"] == 1


def test_message_that_is_sent_again_is_stored_once() -> None:
    visit, client_id = make.make_waiting_visit(), uuid.uuid4()
    assert patient_says(visit, "Hello", client_id) == patient_says(visit, "Hello", client_id)
    desk = desk_of(visit)
    for _ in range(2):
        services.post_from_desk(actor=desk, encounter=visit, body="Hello", client_id=client_id)
    assert list(DeskMessage.objects.values_list("seq", "by_patient")) == [(1, True), (2, False)]
    assert AuditEvent.objects.filter(action="consults.desk.post").count() == 2


def test_practitioner_of_the_visit_reads_and_writes_and_a_colleague_does_not() -> None:
    visit = make.make_waiting_visit()
    services.post_from_desk(
        actor=make.practitioner_actor(visit.practitioner), encounter=visit, body="Soon", client_id=uuid.uuid4()
    )
    colleague = make.practitioner_actor(make.make_practitioner(visit.organization))
    elsewhere = make.staff_actor(Role.FRONT_DESK)
    for actor in (colleague, elsewhere):
        with pytest.raises(NotFound):
            desk_page(actor, visit.uuid)
        with pytest.raises(NotFound):
            services.post_from_desk(actor=actor, encounter=visit, body="Soon", client_id=uuid.uuid4())


def test_thread_opens_with_the_door_and_closes_with_the_visit_but_stays_readable() -> None:
    early = make.make_visit(starts_at=now() + dt.timedelta(hours=2))
    with pytest.raises(Conflict) as refused:
        patient_says(early, "Hello")
    assert (refused.value.code, state(early)["open"]) == ("visit.early", False)
    open_door = make.make_visit()
    patient_says(open_door, "I am at the door")
    visit = make.make_visit_in_progress()
    patient_says(visit, "In the call")
    services.finish_visit(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    with pytest.raises(Conflict) as refused:
        patient_says(visit, "Too late")
    assert (refused.value.code, state(visit)) == ("visit.over", {"seq": 1, "unread": 0, "open": False})
    desk = desk_of(visit)
    with pytest.raises(Conflict):
        services.post_from_desk(actor=desk, encounter=visit, body="Too late", client_id=uuid.uuid4())
    page = desk_page(desk, visit.uuid)
    assert (page.may_write, len(page.talks[0].lines)) == (False, 1)


@pytest.mark.parametrize("body", ["", "   ", "x" * 2001, "a\x00b"])
def test_what_cannot_be_stored_is_refused_and_takes_no_number(body: str) -> None:
    visit = make.make_waiting_visit()
    with pytest.raises(Invalid):
        patient_says(visit, body)
    assert patient_says(visit, "Hello")["seq"] == 1


def test_each_of_a_group_has_a_thread_of_their_own() -> None:
    clinic = MailingClinic()
    group = clinic.group(2, starts_at=now() + dt.timedelta(minutes=1))
    encounter = Encounter.objects.get(appointment=group)
    places = list(group.places.order_by("number"))
    for place in places:
        actor = make.patient_actor(group, place.patient)
        body = f"I am number {place.number}"
        services.post_to_desk(actor=actor, encounter=encounter, body=body, client_id=uuid.uuid4())
        assert [line["body"] for line in patient_lines(actor, encounter, 0)] == [body]
    talks = desk_page(clinic.desk, encounter.uuid).talks
    assert [(talk.member, len(talk.lines), talk.unread) for talk in talks] == [(one.uuid, 1, 1) for one in places]
    assert desk_unread([encounter.pk]) == {encounter.pk: 2}
    with pytest.raises(NotFound):
        services.post_from_desk(actor=clinic.desk, encounter=encounter, body="To whom?", client_id=uuid.uuid4())


def test_guest_has_no_part_in_it() -> None:
    visit = make.make_visit_in_progress()
    guest = make.seat_guest(visit, make.make_guest(visit.appointment))
    with pytest.raises(NotFound):
        patient_lines(guest, visit, 0)
    assert selectors.visit_snapshot(guest, selectors.get_visit(guest))["desk"] is None


def test_patients_page_asks_sends_and_is_slowed_down(client: Client) -> None:
    visit = make.make_waiting_visit()
    link = visit.appointment.links.get(guest=None)
    client.cookies[links.COOKIE_NAME] = links.session_cookie_for(link)
    address, asked = reverse("visit-desk", kwargs={"link": link.uuid}), {"Accept": "application/json"}
    sent = {"body": "Hello", "client_id": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(address, sent, headers=asked).json()["line"]["seq"] == 1
    answer = client.get(address, {"after": "0"}, headers=asked).json()
    assert [line["body"] for line in answer["lines"]] == ["Hello"]
    assert client.get(address, {"after": "1"}, headers=asked).json() == {"ok": True, "lines": [], "open": True}
    refused = client.post(address, {"body": "Hello", "client_id": "none"}, headers=asked)
    assert refused.status_code == 422
    with time_machine.travel(now(), tick=False):
        codes = [
            client.post(address, {"body": "Again", "client_id": str(uuid.uuid4())}, headers=asked).status_code
            for _ in range(MOST_MESSAGES + 1)
        ]
    assert (codes.count(200) <= MOST_MESSAGES, codes[-1]) == (True, 429)


def test_page_of_staff_shows_names_no_html_and_takes_a_message_without_script(client: Client) -> None:
    visit = make.make_waiting_visit()
    patient_says(visit, "<b>bold</b>")
    client.force_login(make.make_user(visit.organization, Role.FRONT_DESK))
    address = reverse("desk", kwargs={"visit": visit.uuid})
    page = client.get(address).content.decode()
    assert visit.patient.full_name in page
    assert "&lt;b&gt;bold" in page
    assert visit.patient.full_name not in page[page.index("<title>") : page.index("</title>")]
    sent = {"body": "We call you.", "client_id": str(uuid.uuid4()), "member": ""}
    assert "We call you." in client.post(address, sent, follow=True).content.decode()
    assert client.post(address, {**sent, "client_id": str(uuid.uuid4()), "body": " "}).status_code == 422
