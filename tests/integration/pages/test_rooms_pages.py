"""Administrators keep rooms and interpreters: adding, changing, what is wrong, who may, and what is written down."""

import datetime as dt

import pytest
from django.test import Client

from accounts.models import Location, Organization
from accounts.roles import Role
from audit.models import AuditEvent
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import Interpreter, Modality
from scheduling.services.rooms import save_interpreter, save_room
from tests import factories as make
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
ROOMS, ROOM_NEW, INTERPRETER_NEW = "/staff/rooms/", "/staff/rooms/new/", "/staff/interpreters/new/"


@pytest.fixture
def admin(clinic: Organization, sign_in: SignIn) -> Client:
    return sign_in(make.make_user(clinic, Role.ADMINISTRATOR))


def test_room_is_added_changed_and_taken_out_of_use(clinic: Organization, admin: Client) -> None:
    page = admin.post(ROOM_NEW, {"name": "  Room   2 ", "is_active": "on"}, follow=True).content.decode()
    room = Location.objects.get(organization=clinic, is_room=True)
    assert (room.name, room.is_active, room.is_default) == ("Room 2", True, False)
    assert "The room is saved." in page
    assert "No visits ahead." in page
    path = f"/staff/rooms/{room.uuid}/"
    assert 'value="Room 2"' in admin.get(path).content.decode()
    make.make_appointment(
        practitioner=make.make_practitioner(clinic),
        starts_at=now() + dt.timedelta(hours=1),
        modality=Modality.IN_PERSON,
        room=room,
    )
    page = admin.post(path, {"name": "Blue room"}, follow=True).content.decode()
    room.refresh_from_db()
    assert (room.name, room.is_active) == ("Blue room", False)
    assert "Not booked any more. 1 visit ahead." in page
    actions = AuditEvent.objects.filter(entity_id=str(room.uuid)).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["scheduling.room.add", "scheduling.room.change"]


def test_interpreter_is_added_with_languages_by_name(clinic: Organization, admin: Client) -> None:
    form = {"name": "Paloma Reyes", "languages": "Spanish, American sign language", "is_active": "on"}
    page = admin.post(INTERPRETER_NEW, form, follow=True).content.decode()
    found = Interpreter.objects.get(organization=clinic)
    assert (found.name, found.languages, found.is_active) == ("Paloma Reyes", ["es", "ase"], True)
    assert "Spanish, American Sign Language" in page
    path = f"/staff/interpreters/{found.uuid}/"
    assert 'value="Spanish, American Sign Language"' in admin.get(path).content.decode()
    admin.post(path, form | {"languages": "es-MX"})
    found.refresh_from_db()
    assert found.languages == ["es-MX"]
    assert AuditEvent.objects.filter(action="scheduling.interpreter.change").count() == 1


@pytest.mark.parametrize(
    ("path", "form", "status", "words"),
    [
        (ROOM_NEW, {"name": " "}, 422, "Enter a name, like “Room 2”"),
        (ROOM_NEW, {"name": "x" * 201}, 422, "Say it in 200 letters or fewer"),
        (ROOM_NEW, {"name": "Room 1"}, 409, "a place with this name already"),
        (INTERPRETER_NEW, {"name": "", "languages": "Spanish"}, 422, "Enter a name, like “Paloma Reyes”"),
        (INTERPRETER_NEW, {"name": "Ada", "languages": ""}, 422, "Enter at least one language"),
        (INTERPRETER_NEW, {"name": "Ada", "languages": ", ;"}, 422, "Enter at least one language"),
        (INTERPRETER_NEW, {"name": "Ada", "languages": "Spansh"}, 422, "Did you mean Spanish?"),
        (INTERPRETER_NEW, {"name": "Ada", "languages": "<b>qq"}, 422, "We do not know “&lt;b&gt;qq”"),
    ],
)
def test_wrong_words_are_told_and_nothing_is_kept(
    clinic: Organization, admin: Client, path: str, form: dict[str, str], status: int, words: str
) -> None:
    Location.objects.create(organization=clinic, name="Room 1", is_room=True)
    answer = admin.post(path, form)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert (Location.objects.filter(is_room=True).count(), Interpreter.objects.count()) == (1, 0)


def test_only_administrators_find_the_pages(
    clinic: Organization, admin: Client, desk_browser: Client, doctors_browser: Client
) -> None:
    assert f'href="{ROOMS}"' in admin.get("/staff/schedule/").content.decode()
    for other in (desk_browser, doctors_browser):
        assert other.get(ROOMS).status_code == 404
        assert ROOMS not in other.get("/staff/schedule/").content.decode()


def test_place_that_is_no_room_cannot_be_changed_as_one(clinic: Organization, admin: Client) -> None:
    place = Location.objects.get(organization=clinic, is_default=True)
    assert admin.get(f"/staff/rooms/{place.uuid}/").status_code == 404
    with pytest.raises(NotFound):
        save_room(actor=make.SYSTEM, organization=clinic, name="Room 9", room=place)


def test_services_refuse_strangers_other_clinics_and_unknown_languages(clinic: Organization) -> None:
    desk = make.staff_actor(Role.FRONT_DESK, organization=clinic)
    elsewhere = make.make_organization()
    foreign = save_room(actor=make.SYSTEM, organization=elsewhere, name="Room 1")
    with pytest.raises(NotFound):
        save_room(actor=desk, organization=clinic, name="Room 1")
    with pytest.raises(NotFound):
        save_room(actor=make.SYSTEM, organization=clinic, name="Room 1", room=foreign)
    with pytest.raises(NotFound):
        save_interpreter(actor=desk, organization=clinic, name="Ada", languages=["es"])
    for languages in ([], ["qqq"], ["es"] * 13):
        with pytest.raises(Invalid):
            save_interpreter(actor=make.SYSTEM, organization=clinic, name="Ada", languages=languages)
    save_room(actor=make.SYSTEM, organization=clinic, name="Room 1")
    with pytest.raises(Conflict):
        save_room(actor=make.SYSTEM, organization=clinic, name="Room 1")
