"""A row of the board by itself: its sheet, its forms with and without a script, and the way back they offer."""

import datetime as dt
import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Practitioner
from consults.lifecycle import VisitStatus
from consults.models import DeskNote, Seat
from consults.services import finish_visit
from consults.services.queues import stand_in_pool
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from tests import factories

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}


def sheet(browser: Client, visit: factories.Encounter) -> str:
    answer = browser.get(reverse("queue-row", args=[visit.uuid]), headers=JSON)
    assert answer.status_code == 200
    return answer.json()["html"]


def board_of(browser: Client, visit: factories.Encounter) -> str:
    return browser.get(reverse("queue-board", args=[visit.queue.uuid])).content.decode()


def test_note_is_written_read_and_removed_with_plain_forms(doctor: Practitioner, desk_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    path = reverse("queue-note", args=[visit.uuid])
    answer = desk_browser.post(path, {"text": "hears <b>well</b>", "note": ""})
    assert answer.headers["Location"] == reverse("queue-board", args=[visit.queue.uuid])
    page = board_of(desk_browser, visit)
    assert "Desk: hears &lt;b&gt;well&lt;/b&gt;" in page
    note = DeskNote.objects.get()
    shown = sheet(desk_browser, visit)
    assert f"Written by {html.escape(note.author.name)} at" in shown
    assert f'name="note" value="{note.uuid}"' in shown
    desk_browser.post(path, {"text": "hears well", "note": note.uuid, "remove": "yes"})
    page = board_of(desk_browser, visit)
    assert "Desk: hears" not in page
    assert "The note is off the board." in page
    back = desk_browser.post(reverse("queue-undo"), {"undo": re.search(r'data-token="([^"]+)"', page)[1]}, follow=True)
    assert "The note is back." in back.content.decode()
    assert "Desk: hears" in back.content.decode()


def test_note_saved_by_a_script_is_answered_as_json_and_a_wrong_one_in_words(
    doctor: Practitioner, doctors_browser: Client
) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    path = reverse("queue-note", args=[visit.uuid])
    said = doctors_browser.post(path, {"text": "tablet box", "note": ""}, headers=JSON).json()
    assert said == {"ok": True, "said": "The note is on the board.", "undo": "", "undo_s": 60.0}
    wrong = doctors_browser.post(path, {"text": "x" * 201}, headers=JSON)
    assert wrong.status_code == 422
    assert wrong.json()["error"]["fields"] == {"text": "Say it in 200 letters or fewer"}
    stale = doctors_browser.post(path, {"text": "other", "note": ""}, headers=JSON)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "note.changed")


def test_note_is_on_no_page_of_the_patient(doctor: Practitioner, desk_browser: Client, client: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    desk_browser.post(reverse("queue-note", args=[visit.uuid]), {"text": "hears well"})
    link = visit.appointment.links.get()
    client.cookies[factories.links.COOKIE_NAME] = factories.links.session_cookie_for(link)
    assert "hears well" not in client.get(reverse("visit", args=[link.uuid])).content.decode()


def test_sheet_offers_only_what_is_possible_now(doctor: Practitioner, desk_browser: Client) -> None:
    waiting = factories.make_waiting_visit(practitioner=doctor)
    shown = sheet(desk_browser, waiting)
    assert "Nobody answers" not in shown
    assert "Did not come" not in shown
    Seat.objects.filter(encounter=waiting).update(connected=False)
    assert "Nobody answers" in sheet(desk_browser, waiting)
    due = factories.make_visit(practitioner=doctor, starts_at=now() - dt.timedelta(minutes=40))
    assert "Did not come" in sheet(desk_browser, due)
    later = factories.make_visit(practitioner=doctor, starts_at=now() + dt.timedelta(minutes=40))
    assert "Did not come" not in sheet(desk_browser, later)


def test_patient_who_did_not_answer_is_told_so_on_their_page(
    doctor: Practitioner, doctors_browser: Client, client: Client
) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    doctors_browser.post(reverse("queue-admit", args=[visit.queue.uuid, visit.uuid]))
    answer = doctors_browser.post(reverse("queue-requeue", args=[visit.uuid]), headers=JSON)
    assert answer.json()["said"] == f"{visit.patient.given_name} is behind those who are there."
    link = visit.appointment.links.get()
    client.cookies[factories.links.COOKIE_NAME] = factories.links.session_cookie_for(link)
    page = client.get(reverse("visit", args=[link.uuid])).content.decode()
    assert f"{doctor.short_name} called you in, and nobody answered. You are still in line" in page
    assert "Called, and nobody answered" in board_of(doctors_browser, visit)


def test_call_by_mistake_is_undone_from_the_call_and_from_the_board(
    doctor: Practitioner, doctors_browser: Client
) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    admit = reverse("queue-admit", args=[visit.queue.uuid, visit.uuid])
    call = doctors_browser.post(admit, follow=True).content.decode()
    assert "Undo calling in" in call
    assert f"{visit.patient.given_name} was called in." in board_of(doctors_browser, visit)
    # Without the word of the form the one that was kept counts.
    page = doctors_browser.post(reverse("queue-undo"), follow=True).content.decode()
    assert f"{visit.patient.given_name} waits again, at the same place." in page
    assert "data-undo-offer" not in page
    visit.refresh_from_db()
    assert visit.status == VisitStatus.ARRIVED
    again = doctors_browser.post(reverse("queue-undo"), follow=True).content.decode()
    assert "This can no longer be undone" in again


def test_call_that_is_over_is_not_offered_to_be_undone(doctor: Practitioner, doctors_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    doctors_browser.post(reverse("queue-admit", args=[visit.queue.uuid, visit.uuid]))
    visit.refresh_from_db()
    finish_visit(actor=factories.practitioner_actor(doctor), encounter=visit)
    assert "data-undo-offer" not in board_of(doctors_browser, visit)


def test_call_page_of_somebody_else_offers_no_undo(doctor: Practitioner, doctors_browser: Client) -> None:
    first = factories.make_visit_in_progress(practitioner=doctor, starts_at=now() - dt.timedelta(minutes=30))
    second = factories.make_waiting_visit(practitioner=doctor)
    doctors_browser.post(reverse("queue-admit", args=[second.queue.uuid, second.uuid]))
    assert "Undo calling in" not in doctors_browser.get(reverse("call", args=[first.uuid])).content.decode()
    assert "Undo calling in" in doctors_browser.get(reverse("call", args=[second.uuid])).content.decode()


def test_who_did_not_come_is_noted_and_undone_by_the_desk(doctor: Practitioner, desk_browser: Client) -> None:
    visit = factories.make_visit(practitioner=doctor, starts_at=now() - dt.timedelta(minutes=40))
    said = desk_browser.post(reverse("queue-missed", args=[visit.uuid]), headers=JSON).json()
    assert said["said"] == f"Noted: {visit.patient.given_name} did not come."
    visit.appointment.refresh_from_db()
    assert visit.appointment.status == AppointmentStatus.NOSHOW
    undone = desk_browser.post(reverse("queue-undo"), {"undo": said["undo"]}, headers=JSON)
    assert undone.json() == {"ok": True, "said": f"{visit.patient.given_name} is expected again."}
    late = desk_browser.post(reverse("queue-undo"), {"undo": said["undo"]}, headers=JSON)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "undo.late")


def test_page_of_a_visit_is_offered_to_those_whom_it_opens_for(doctor: Practitioner, doctors_browser: Client) -> None:
    colleague = factories.make_practitioner(doctor.organization)
    visit = factories.make_visit(practitioner=colleague)
    stand_in_pool(factories.SYSTEM, visit, factories.make_pool(doctor, colleague))
    factories.arrive(visit)
    page = reverse("appointment", args=[visit.appointment.uuid])
    assert page not in sheet(doctors_browser, visit)
    assert doctors_browser.get(page).status_code == 404
    own = factories.make_waiting_visit(practitioner=doctor)
    page = reverse("appointment", args=[own.appointment.uuid])
    assert page in sheet(doctors_browser, own)
    assert doctors_browser.get(page).status_code == 200
