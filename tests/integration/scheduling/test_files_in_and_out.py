"""Lists by file: every row is told beforehand, all go in or none does, and what goes out can come in again."""

import datetime as dt
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.actors import Actor
from accounts.models import Patient, Practitioner
from accounts.roles import Role
from audit.models import AuditEvent
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from notifications.models import Message
from scheduling.models import Appointment, FileIn, VisitType
from scheduling.services import files
from tests import factories as make
from tests.integration.access.world import sign_in
from tests.integration.scheduling.clinic import DAY, Clinic
from tests.open_clinic import bookable

pytestmark = pytest.mark.django_db(transaction=True)

PATIENTS = b"given_name,family_name,birth_date,phone\nAda,Lind,1980-02-03,+43 1\nBo,Sund,1990-01-01,\n"
HOUR = dt.timedelta(hours=1)
HEAD = "given_name,family_name,birth_date,practitioner_email,day,time,minutes"


def checked(actor: Actor, kind: str, content: bytes) -> FileIn:
    file = files.start_file(actor=actor, kind=kind, content=content)
    files.work_on_files()
    file.refresh_from_db()
    return file


def brought(actor: Actor, file: FileIn) -> FileIn:
    files.confirm_file(actor=actor, file=file)
    files.work_on_files()
    file.refresh_from_db()
    return file


def outcomes(file: FileIn) -> list[tuple[int, str]]:
    return [(line, outcome) for line, outcome, _ in file.report]


def row_of(clinic: Clinic, starts_at: dt.datetime, patient: Patient | None = None) -> str:
    who, local = patient or clinic.patient, starts_at.astimezone(dt.timezone(dt.timedelta(hours=-6)))
    email = clinic.practitioner.user.email
    return f"{who.given_name},{who.family_name},{who.birth_date},{email},{local:%Y-%m-%d},{local:%H:%M},20"


def test_patients_are_told_row_by_row_and_brought_in_once() -> None:
    desk = make.staff_actor(Role.FRONT_DESK)
    file = checked(desk, "patients", PATIENTS + b"ada,LIND,1980-02-03,\n")
    assert outcomes(file) == [(2, "new"), (3, "new"), (4, "known")]
    assert Patient.objects.count() == 0
    file = brought(desk, file)
    assert (file.status, bytes(file.content), Patient.objects.count()) == ("done", b"", 2)
    assert Patient.objects.get(given_name="Ada").phone == "+43 1"
    files.confirm_file(actor=desk, file=file)
    assert files.work_on_files() == 0
    assert outcomes(checked(desk, "patients", PATIENTS)) == [(2, "known"), (3, "known")]
    assert AuditEvent.objects.filter(action="scheduling.file.bring").count() == 1


def test_file_with_a_wrong_row_cannot_be_brought_in() -> None:
    desk = make.staff_actor(Role.FRONT_DESK)
    file = checked(desk, "patients", PATIENTS + b"Cy,Rask,3/2/80,\n,Rask,1980-02-03,\nCy,Rask,1980-02-03,1,2\n")
    assert outcomes(file)[2:] == [(4, "wrong"), (5, "wrong"), (6, "wrong")]
    assert "Write the day like" in file.report[2][2]
    with pytest.raises(Conflict):
        files.confirm_file(actor=desk, file=file)
    files.give_up_file(actor=desk, file=file)
    file.refresh_from_db()
    assert (file.status, bytes(file.content), Patient.objects.count()) == ("failed", b"", 0)


def test_practitioners_are_brought_in_by_administrators_alone() -> None:
    clinic = make.make_organization()
    content = b"email,prefix,given_name,family_name\nnew@example.org,Dr,Ada,Lind\n"
    with pytest.raises(NotFound):
        files.start_file(
            actor=make.staff_actor(Role.FRONT_DESK, organization=clinic), kind="practitioners", content=content
        )
    admin = make.staff_actor(Role.ADMINISTRATOR, organization=clinic)
    brought(admin, checked(admin, "practitioners", content))
    assert Practitioner.objects.get().user.email == "new@example.org"
    assert outcomes(checked(admin, "practitioners", content)) == [(2, "known")]


@pytest.mark.parametrize("kind", ["patients", "appointments"])
def test_file_that_cannot_be_read_is_refused_at_once_in_words(kind: str) -> None:
    desk = make.staff_actor(Role.FRONT_DESK)
    for content in (b"a,b\n1,2\n", b"\xff\xff", b"x" * (files.MOST_BYTES + 1)):
        with pytest.raises(Invalid):
            files.start_file(actor=desk, kind=kind, content=content)
    assert FileIn.objects.count() == 0


def test_appointments_are_told_what_is_wrong_and_booked_as_a_whole() -> None:
    clinic = Clinic()
    winter = dt.datetime(now().year + 1, 1, 12, 16, tzinfo=dt.UTC)
    clinic.book(winter)
    unknown = make.make_patient(given_name="Nobody")
    lines = [
        row_of(clinic, winter + DAY),
        row_of(clinic, winter, clinic.new_patient()),
        row_of(clinic, winter + DAY, clinic.new_patient()),
        row_of(clinic, winter - 700 * DAY),
        row_of(clinic, winter + 2 * DAY, unknown),
        row_of(clinic, winter + 3 * DAY),
    ]
    file = checked(clinic.desk, "appointments", "\n".join([HEAD, *lines]).encode())
    assert [outcome for _, outcome in outcomes(file)] == ["new", "wrong", "wrong", "wrong", "wrong", "new"]
    file = checked(clinic.desk, "appointments", "\n".join([HEAD, lines[0], lines[5]]).encode())
    assert brought(clinic.desk, file).status == "done"
    assert Appointment.objects.count() == 3
    assert {one.starts_at for one in Appointment.objects.all()} == {winter, winter + DAY, winter + 3 * DAY}
    # Who stands in a file knows of their visit: they are reminded of it, and told nothing now.
    brought_in = Appointment.objects.exclude(starts_at=winter).values("uuid")
    assert set(Message.objects.filter(about__in=brought_in).values_list("kind", flat=True)) == {
        "visit.reminder_day",
        "visit.reminder_hour",
    }


def test_name_over_two_lines_is_the_one_that_is_here() -> None:
    desk = make.staff_actor(Role.FRONT_DESK)
    file = checked(desk, "patients", PATIENTS + b'"Ada\n "," Lind",1980-02-03,\n"Eva\nMaria",Lind,1980-02-03,\n')
    assert [outcome for _, outcome in outcomes(file)] == ["new", "new", "known", "new"]
    brought(desk, file)
    assert Patient.objects.filter(given_name="Eva Maria").exists()


def test_whatever_would_refuse_an_appointment_is_told_beforehand() -> None:
    clinic = Clinic()
    winter = dt.datetime(now().year + 1, 1, 12, 16, tzinfo=dt.UTC)
    kinds = {name: VisitType.objects.create(organization=clinic.organization, name=name, minutes=20) for name in "ABC"}
    kinds["A"].practitioners.add(clinic.practitioner)
    VisitType.objects.filter(name="A").update(needs_room=True)
    VisitType.objects.filter(name="B").update(is_active=False)
    lines = [f"{row_of(clinic, winter + day * DAY)},{kind}" for day, kind in enumerate("ABC")]
    ends = [
        row_of(clinic, winter).replace(str(winter.date()), day) for day in ("9999-12-31", "0001-01-01", "2199-12-31")
    ]
    file = checked(
        clinic.desk, "appointments", "\n".join([f"{HEAD},visit_type", *lines, *(f"{e}," for e in ends)]).encode()
    )
    assert [outcome for _, outcome in outcomes(file)] == ["wrong"] * 5 + ["new"]
    assert ["room" in file.report[0][2], "no longer" in file.report[1][2], "not offer" in file.report[2][2]] == [
        True
    ] * 3


def test_appointment_outside_the_hours_is_told_beforehand_and_brought_in() -> None:
    clinic = Clinic()
    bookable(clinic.practitioner, starts=8 * 60, ends=12 * 60)
    winter = dt.datetime(now().year + 1, 1, 12, 16, tzinfo=dt.UTC)
    lines = [row_of(clinic, winter), row_of(clinic, winter + 12 * HOUR)]
    file = checked(clinic.desk, "appointments", "\n".join([HEAD, *lines]).encode())
    assert [(outcome, bool(words)) for _, outcome, words in file.report] == [("new", False), ("new", True)]
    browser = Client()
    sign_in(browser, make.make_user(clinic.organization, Role.FRONT_DESK))
    page = browser.get(f"/staff/import/{file.uuid}/").content.decode()
    assert "1 of the new one is outside" in page
    assert brought(clinic.desk, file).status == "done"
    assert Appointment.objects.count() == 2


def test_patient_born_tomorrow_or_in_no_year_or_speaking_words_is_wrong() -> None:
    desk = make.staff_actor(Role.FRONT_DESK)
    head = b"given_name,family_name,birth_date,language\n"
    rows = [
        f"A,B,{born},{language}"
        for born, language in (
            (now().date() + 2 * DAY, ""),
            ("0001-01-01", ""),
            ("9999-12-31", ""),
            ("1980-02-03", "English"),
            ("1980-02-03", "es-MX"),
        )
    ]
    assert [outcome for _, outcome in outcomes(checked(desk, "patients", head + "\n".join(rows).encode()))] == [
        "wrong"
    ] * 4 + ["new"]


def test_time_that_was_taken_after_the_check_leaves_nothing_of_the_file_in() -> None:
    clinic = Clinic()
    winter = dt.datetime(now().year + 1, 1, 12, 16, tzinfo=dt.UTC)
    content = "\n".join([HEAD, row_of(clinic, winter), row_of(clinic, winter + DAY)]).encode()
    file = checked(clinic.desk, "appointments", content)
    clinic.book(winter + DAY, patient=clinic.new_patient())
    file = brought(clinic.desk, file)
    assert file.status == "failed"
    assert file.problem.startswith("Line 3")
    assert Appointment.objects.count() == 1


def test_file_is_claimed_once_taken_up_after_a_crash_and_given_up_after_three() -> None:
    file = files.start_file(actor=make.staff_actor(Role.FRONT_DESK), kind="patients", content=PATIENTS)
    for _ in range(files.FAILURES):
        assert files.claim_file() is not None
        assert files.claim_file() is None
        FileIn.objects.update(claimed_until=now())
    assert files.claim_file() is None
    file.refresh_from_db()
    assert file.status == "failed"


def test_roles_taken_away_before_the_worker_comes_count() -> None:
    clinic = make.make_organization()
    user = make.make_user(clinic, Role.FRONT_DESK)
    desk = make.actor_for_user(user, None)
    file = checked(desk, "patients", PATIENTS)
    files.confirm_file(actor=desk, file=file)
    user.role_assignments.all().delete()
    files.work_on_files()
    file.refresh_from_db()
    assert (file.status, Patient.objects.count()) == ("failed", 0)


def test_pages_take_a_file_show_every_row_and_bring_it_in() -> None:
    client = Client(enforce_csrf_checks=True)
    sign_in(client, make.make_user(None, Role.FRONT_DESK))
    page = client.get("/staff/import/")
    token = {"csrfmiddlewaretoken": page.context["csrf_token"]}

    def send(content: bytes, **fields: Any) -> Any:
        return client.post(
            "/staff/import/", {"kind": "patients", "file": SimpleUploadedFile("x.csv", content), **fields}
        )

    assert send(PATIENTS).status_code == 403
    assert b"in UTF-8" in send(b"\xff\xff", **token).content
    too_big = send(b"x" * (files.MOST_BYTES + 1), **token)
    assert (too_big.status_code, b"larger than 4 MB" in too_big.content) == (422, True)
    address = send(PATIENTS, **token)["Location"]
    waiting = client.get(address)
    assert (waiting["Refresh"], b"<progress" in waiting.content) == ("2", True)
    files.work_on_files()
    assert b"Bring in 2 rows" in client.get(address).content
    client.post(f"{address}confirm/", token)
    files.work_on_files()
    assert b"2 rows brought in" in client.get(address).content


def test_file_anywhere_else_is_refused() -> None:
    client = Client()
    answer = client.post("/accounts/login/code/", {"email": "a@example.org", "file": SimpleUploadedFile("x", b"x")})
    assert answer.status_code == 400


def test_list_that_goes_out_is_streamed_guarded_recorded_and_comes_in_again() -> None:
    clinic = Clinic()
    make.make_patient(clinic.organization, given_name="=cmd", phone="+43 1")
    clinic.book()
    client = Client()
    sign_in(client, make.make_user(clinic.organization, Role.FRONT_DESK))

    def out(name: str) -> bytes:
        answer: Any = client.get(f"/staff/export/{name}.csv")
        assert answer.streaming

        async def read() -> bytes:
            return b"".join([piece async for piece in answer.streaming_content])

        return async_to_sync(read)()

    patients = out("patients")
    assert b"'=cmd" in patients
    assert AuditEvent.objects.filter(action="scheduling.file.export").count() == 1
    assert {outcome for _, outcome in outcomes(checked(clinic.desk, "patients", patients))} == {"known"}
    assert clinic.patient.family_name.encode() in out("appointments")
    assert clinic.practitioner.user.email.encode() in out("practitioners")
    assert out("wait-list").count(b"\r\n") == 1
    stranger = Client()
    sign_in(stranger, clinic.practitioner.user)
    assert stranger.get("/staff/export/patients.csv").status_code == 404
