"""Choosing a room and an interpreter: where the desk books and where a visit is moved, and who then reads of them."""

import datetime as dt
import html
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Organization, Practitioner
from core.clock import now
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from scheduling.models import Appointment, Interpreter, Modality, Schedule, VisitType, WeeklyRule
from scheduling.services.rooms import save_interpreter, save_room
from tests import factories as make

pytestmark = pytest.mark.django_db
NEW = "/staff/appointments/new/"
CHICAGO = ZoneInfo("America/Chicago")
JSON = {"accept": "application/json"}


@pytest.fixture
def rooms(clinic: Organization) -> list[Location]:
    return [save_room(actor=make.SYSTEM, organization=clinic, name=name) for name in ("Room 1", "Room 2")]


@pytest.fixture
def interpreter(clinic: Organization) -> Interpreter:
    return save_interpreter(actor=make.SYSTEM, organization=clinic, name="Paloma Reyes", languages=["es", "ase"])


@pytest.fixture
def kind(clinic: Organization, doctor: Practitioner) -> VisitType:
    """A visit at the clinic; the doctor works every morning."""
    schedule = Schedule.objects.create(organization=clinic, practitioner=doctor, timezone="America/Chicago")
    for weekday in range(7):
        WeeklyRule.objects.create(
            schedule=schedule, weekday=weekday, starts=540, ends=720, first_day=dt.date(2020, 1, 1)
        )
    found = VisitType.objects.create(
        organization=clinic, name="Blood test", minutes=20, modality=Modality.IN_PERSON, needs_room=True
    )
    found.practitioners.set([doctor, make.make_practitioner(clinic)])
    return found


def typed(kind: VisitType, **changes: Any) -> dict[str, Any]:
    """Tomorrow, 9:20 in Chicago, another patient each time."""
    return {
        "visit_type": str(kind.uuid),
        "patient": str(make.make_patient(kind.organization).uuid),
        "practitioner": "",
        "on": (now() + dt.timedelta(days=1)).astimezone(CHICAGO).date().isoformat(),
        "at": "09:20",
        "minutes": "",
        "reason": "fasting",
        **changes,
    }


def with_doctor(kind: VisitType, doctor: Practitioner, **changes: Any) -> dict[str, Any]:
    return typed(kind, practitioner=str(doctor.uuid), **changes)


def test_forms_of_a_clinic_without_rooms_or_interpreters_ask_for_none(
    doctor: Practitioner, desk_browser: Client
) -> None:
    booked = make.make_appointment(practitioner=doctor)
    for path in (NEW, reverse("appointment-move", args=[booked.uuid])):
        page = desk_browser.get(path).content.decode()
        assert 'name="room"' not in page
        assert 'name="interpreter"' not in page


def test_desk_books_a_room_and_an_interpreter_and_everybody_reads_of_them(
    doctor: Practitioner, kind: VisitType, rooms: list[Location], interpreter: Interpreter, desk_browser: Client
) -> None:
    page = desk_browser.get(NEW).content.decode()
    assert "Spanish, American Sign Language: Paloma Reyes</option>" in page
    form = with_doctor(kind, doctor, room=str(rooms[1].uuid), interpreter=str(interpreter.uuid))
    answer = desk_browser.post(NEW, form, follow=True)
    booked = Appointment.objects.get()
    assert (booked.room, booked.interpreter, booked.spans.count()) == (rooms[1], interpreter, 4)
    link = booked.links.get()
    patient = Client(headers={"host": "127.0.0.1"})
    patient.cookies[COOKIE_NAME] = session_cookie_for(link)
    panel = desk_browser.get(reverse("appointment-move", args=[booked.uuid]), headers=JSON).json()["html"]
    for shown in (answer.content.decode(), panel, patient.get(path_of(link)).content.decode()):
        for words in ("Room 2", "Paloma Reyes", "Spanish, American Sign Language"):
            assert words in shown
    calendar = desk_browser.get("/staff/calendar/", {"on": form["on"], "room": rooms[1].pk}).content.decode()
    assert "Room 2. Interpreter: Paloma Reyes" in calendar
    other = desk_browser.get("/staff/calendar/", {"on": form["on"], "room": rooms[0].pk}).content.decode()
    assert "Interpreter: Paloma Reyes" not in other
    # A follow-up is interpreted by the same person unless somebody else is chosen.
    [address] = re.findall(r'href="([^"]+follows=[^"]+)"', answer.content.decode())
    follow_up = desk_browser.get(html.unescape(address)).content.decode()
    assert f'<option value="{interpreter.uuid}" selected' in follow_up


def test_taken_room_is_409_with_what_is_free_and_one_press_books_with_all_that_was_typed(
    doctor: Practitioner, kind: VisitType, rooms: list[Location], interpreter: Interpreter, desk_browser: Client
) -> None:
    colleague = kind.practitioners.exclude(pk=doctor.pk).get()
    room = str(rooms[0].uuid)
    assert desk_browser.post(NEW, with_doctor(kind, colleague, room=room)).status_code == 302
    form = with_doctor(kind, doctor, room=room, interpreter=str(interpreter.uuid))
    answer = desk_browser.post(NEW, form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert re.search(r'id="id_room_error".*?Room 1 is taken at 9:20 am.*? Free then: Room 2\.', page, re.DOTALL)
    assert f'<option value="{room}" selected' in page
    assert f'<option value="{interpreter.uuid}" selected' in page
    offered = re.findall(r'name="instead" value="([^"]+)"', page)
    assert len(offered) == 6
    assert desk_browser.post(NEW, form | {"instead": offered[0]}).status_code == 302
    booked = Appointment.objects.latest("pk")
    assert (booked.room, booked.interpreter, booked.reason) == (rooms[0], interpreter, "fasting")
    assert booked.starts_at.isoformat() == offered[0].split()[1]


def test_room_that_does_not_fit_is_422_beside_the_room(
    doctor: Practitioner, kind: VisitType, rooms: list[Location], interpreter: Interpreter, desk_browser: Client
) -> None:
    foreign = save_room(actor=make.SYSTEM, organization=make.make_organization(), name="Elsewhere")
    wrong = {
        "This kind of visit needs a room. Choose one.": {"room": ""},
        "Choose a room from the list": {"room": str(foreign.uuid)},
        "This visit takes no room of the clinic.": {
            "visit_type": "", "minutes": "20", "modality": "phone", "room": str(rooms[0].uuid)
        },
        "Choose an interpreter from the list": {"interpreter": str(foreign.uuid), "room": str(rooms[0].uuid)},
    }  # fmt: skip
    for words, changes in wrong.items():
        answer = desk_browser.post(NEW, with_doctor(kind, doctor, **changes))
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert "Elsewhere" not in answer.content.decode()
    assert not Appointment.objects.exists()


def test_move_form_changes_room_and_interpreter_and_offers_times_that_suit_both(
    doctor: Practitioner, kind: VisitType, rooms: list[Location], interpreter: Interpreter, desk_browser: Client
) -> None:
    colleague = kind.practitioners.exclude(pk=doctor.pk).get()
    for at, taken in (("09:00", {"room": str(rooms[0].uuid)}), ("10:00", {"room": str(rooms[1].uuid)})):
        assert desk_browser.post(NEW, with_doctor(kind, colleague, at=at, **taken)).status_code == 302
    desk_browser.post(NEW, with_doctor(kind, doctor, room=str(rooms[0].uuid)))
    booked = Appointment.objects.latest("pk")
    path = reverse("appointment-move", args=[booked.uuid])

    def times(**asked: str) -> set[str]:
        found = desk_browser.get(path, {"times": "yes", **asked}, headers=JSON).json()["times"]
        return {words.split(",")[0] for _, words in found}

    # Who says nothing of the room asks for the one it has; a room that there is not is none.
    assert ("9:00 am" in times(), "10:00 am" in times()) == (False, True)
    second = times(room=str(rooms[1].uuid))
    assert ("9:00 am" in second, "10:00 am" in second) == (True, False)
    assert {"9:00 am", "10:00 am"} <= times(room="none")
    same = {"to": doctor.uuid, "on": typed(kind)["on"], "starts": booked.starts_at.isoformat(), "minutes": 20}
    change = same | {"sequence": 0, "room": str(rooms[1].uuid), "interpreter": str(interpreter.uuid)}
    answer = desk_browser.post(path, change, headers=JSON).json()
    booked.refresh_from_db()
    assert (booked.room, booked.interpreter, booked.sequence) == (rooms[1], interpreter, 1)
    # Undo posts the former room too; a drag, which knows of none, keeps what there is.
    assert answer["former"]["room"] == str(rooms[0].uuid)
    drag = {name: value for name, value in same.items() if name != "starts"} | {"at": "11:00", "sequence": 1}
    assert desk_browser.post(path, drag, headers=JSON).status_code == 200
    booked.refresh_from_db()
    assert (booked.room, booked.interpreter, booked.sequence) == (rooms[1], interpreter, 2)
    undo = {"on": same["on"], "sequence": 2, **answer["former"]}
    assert desk_browser.post(path, undo, headers=JSON).status_code == 200
    booked.refresh_from_db()
    assert (booked.room, booked.interpreter, booked.starts_at.isoformat()) == (rooms[0], None, same["starts"])


def test_move_into_a_taken_room_is_409_beside_the_room(
    doctor: Practitioner, kind: VisitType, rooms: list[Location], desk_browser: Client
) -> None:
    colleague = kind.practitioners.exclude(pk=doctor.pk).get()
    desk_browser.post(NEW, with_doctor(kind, colleague, at="10:00", room=str(rooms[0].uuid)))
    desk_browser.post(NEW, with_doctor(kind, doctor, room=str(rooms[0].uuid)))
    booked = Appointment.objects.latest("pk")
    path = reverse("appointment-move", args=[booked.uuid])
    form = {"to": doctor.uuid, "on": typed(kind)["on"], "at": "10:00", "minutes": 20, "sequence": 0}
    dragged = desk_browser.post(path, form, headers=JSON)
    error = dragged.json()["error"]
    assert (dragged.status_code, error["whose"], error["free"]) == (409, "location", ["Room 2"])
    page = desk_browser.post(path, form | {"room": str(rooms[0].uuid)})
    assert page.status_code == 409
    assert re.search(r'<details class="hc-cal-other" open>\s*<summary>Room</summary>', page.content.decode())
    assert 'id="id_room_error"' in page.content.decode()
    without = desk_browser.post(path, form | {"room": ""}, headers=JSON)
    assert (without.status_code, without.json()["error"]["code"]) == (422, "visit_type.needs_room")
    assert desk_browser.post(path, form | {"room": str(rooms[1].uuid)}, headers=JSON).status_code == 200
