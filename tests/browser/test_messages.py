"""The pages of messages in a real browser: in every look, by keyboard, and what a press of each button leads to."""

import datetime as dt
from dataclasses import dataclass

from playwright.sync_api import expect

from core.clock import now
from notifications import preferences, rendering
from notifications.kinds import Group, kind_of
from notifications.models import Message, MessageEvent, SunkMessage
from scheduling.models import VisitType
from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.house import House
from tests.browser.looks import NARROW, SIDEWAYS, Looks
from tests.browser.people import ChromiumTab, onward
from tests.told import make_message

HOUR = dt.timedelta(hours=1)
EMAIL = "rosalind@fern.example"


@dataclass(frozen=True)
class Told:
    """A visit whose messages have gone all ways there are, and who looks at them."""

    visit: Visit
    admin: Cookie
    failed: Message
    bounced: Message
    choices: str
    unsubscribe: str

    @property
    def page(self) -> str:
        return f"/staff/appointments/{self.visit.encounter.appointment.uuid}/"


def _told(base_url: str) -> Told:
    visit = clinics.new_visit(base_url, minutes=3 * 24 * 60)
    appointment = visit.encounter.appointment
    patient = appointment.patient
    patient.email, patient.phone = EMAIL, "+13125550171"
    patient.save()
    # What booking has planned is not what these tests are about.
    mine = Message.objects.filter(about=appointment.uuid)
    MessageEvent.objects.filter(message__in=mine).delete()
    mine.delete()
    at = now()
    late = {"too_late_at": at + 3 * HOUR}
    first = make_message(appointment, kind="visit.booked", status="delivered", sent_at=at, delivered_at=at)
    MessageEvent.objects.create(message=first, what="refused", detail="timeout", at=at - HOUR)
    make_message(appointment, kind="visit.reminder_hour", status="waiting", due_at=at + 2 * 24 * HOUR)
    make_message(appointment, kind="visit.reminder_day", status="skipped", reason="booked_late")
    failed = make_message(appointment, kind="visit.confirmed", reason="provider_down", **late)
    bounced = make_message(appointment, kind="visit.moved", reason="bounced", **late)
    gone = make_message(appointment, kind="wait.offer", reason="bounced")
    make_message(appointment, kind="wait.offer", channel="sms", status="sent", sent_at=at, instead_of=gone)
    VisitType.objects.create(organization=appointment.organization, name="First visit", minutes=40)
    _sink(appointment.organization)
    return Told(
        visit,
        clinics.administrator(appointment.organization),
        failed,
        bounced,
        preferences.path_of(patient),
        preferences.path_of(patient, Group.REMINDERS, "email"),
    )


def _sink(clinic: object) -> None:
    for kind, channel in (("visit.next", "push"), ("visit.booked", "sms"), ("visit.booked", "email")):
        made = rendering.preview(kind_of(kind), channel, "en", clinic)  # type: ignore[arg-type]
        SunkMessage.objects.create(
            key=f"{clinic.pk}-{channel}",  # type: ignore[attr-defined]
            organization=clinic,
            channel=channel,
            address=EMAIL,
            subject=made.subject,
            text=made.text,
            html=made.html,
            files=[one.name for one in made.files],
        )


def test_pages_of_messages_are_accessible(look: Looks, house: House, make: Make, watch: Watch) -> None:
    watch.allow("422")
    told = make(_told, house.base_url)
    tab = look.open(told.admin)
    tab.goto(told.page)
    tab.click(".hc-told-history summary")
    look.check(tab)
    for path in ("", "?which=otherwise", "?day=2020-02-02"):
        tab.goto(f"/staff/messages/{path}")
        look.check(tab)
    tab.goto(f"/staff/messages/{told.bounced.uuid}/address/")
    tab.fill("#id_phone", "12")
    onward(tab.page, tab.click, "main form [type=submit]")
    look.check(tab)


def test_pages_of_plans_and_texts_are_accessible(look: Looks, house: House, make: Make) -> None:
    told = make(_told, house.base_url)
    tab = look.open(told.admin)
    tab.goto("/staff/messages/plans/")
    look.check(tab)
    onward(tab.page, tab.click, ".hc-line a")
    look.check(tab)
    for query in ("channel=email&language=es", "channel=sms", "kind=visit.next&channel=push"):
        tab.goto(f"/staff/messages/texts/?{query}")
        look.check(tab)
    tab.goto("/staff/messages/sink/")
    look.check(tab)


def test_page_of_preferences_is_accessible(look: Looks, house: House, make: Make) -> None:
    told = make(_told, house.base_url)
    tab = look.open()
    for path in (told.unsubscribe, told.choices):
        tab.goto(path)
        look.check(tab)
    for way in ("email", "sms"):
        tab.click(f"label[for=id-bookings-{way}]")
    onward(tab.page, tab.click, "main form:last-of-type [type=submit]")
    look.check(tab)


def test_names_and_counts_in_the_header_fit_tablets(person: OpenContext, house: House, make: Make) -> None:
    told = make(_told, house.base_url)
    make(_long_names, told)
    page = person(told.admin).new_page()
    page.goto("/staff/messages/")
    expect(page.locator(".hc-nav [aria-current] .hc-count").first).to_be_visible()
    for width in (768, 820, 1024, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert not page.evaluate(SIDEWAYS), width
        expect(page.locator(".hc-staff-nav").get_by_text("Messages")).to_be_in_viewport()
        expect(page.locator(".hc-menu summary .hc-wide-only svg").last).to_be_in_viewport()


def test_letters_of_twice_the_size_fit_a_phone(person: OpenContext, house: House, make: Make) -> None:
    told = make(_told, house.base_url)
    page = person(told.admin, viewport=NARROW).new_page()
    for path in ("/staff/messages/", "/staff/messages/plans/", "/staff/messages/texts/", told.choices):
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert not page.evaluate(SIDEWAYS), path


def _long_names(told: Told) -> None:
    clinic = told.visit.encounter.appointment.organization
    clinic.name = "Lantern Street Clinic of Family Medicine " * 4
    clinic.save(update_fields=["name"])
    clinic.users.update(name="Wolfeschlegelsteinhausenbergerdorff" * 5)


def test_desk_sends_again_from_the_list_and_corrects_an_address_from_the_visit(
    person: OpenContext, house: House, make: Make
) -> None:
    told = make(_told, house.base_url)
    page = person(told.admin).new_page()
    page.goto("/staff/messages/")
    expect(page.locator(".hc-nav [aria-current] .hc-count").first).to_contain_text("2")
    # By keyboard alone.
    page.get_by_role("button", name="Send again").focus()
    onward(page, page.keyboard.press, "Enter")
    expect(page.get_by_text("It is on its way again.")).to_be_visible()
    page.goto(told.page)
    onward(page, page.get_by_role("link", name="Correct the address of Rosalind Fern and send: Visit moved").click)
    page.fill("#id_email", "rose@fern.example")
    onward(page, page.get_by_role("button", name="Save and send again").click)
    assert page.url.endswith(f"{told.page}#messages")
    expect(page.get_by_text("The address is saved. The message is on its way again.")).to_be_visible()
    assert make(_rounds, told) == (2, 2)


def _rounds(told: Told) -> tuple[int, ...]:
    return tuple(Message.objects.get(pk=one.pk).round for one in (told.failed, told.bounced))


def test_email_stands_in_a_frame_with_its_styles_and_runs_nothing(
    person: OpenContext, house: House, make: Make
) -> None:
    told = make(_told, house.base_url)
    page = person(told.admin).new_page()
    page.goto("/staff/messages/texts/?kind=visit.booked&channel=email")
    frame = page.frame_locator("iframe")
    expect(frame.locator("body")).to_contain_text("Video visit from home")
    page.fill("#id_words", "Have your medicines at hand.")
    onward(page, page.get_by_role("button", name="Save these words").click)
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Have your medicines at hand.")
    onward(page, page.get_by_role("button", name="Send me a test").click)
    expect(page.get_by_text("A test is on its way to admin")).to_be_visible()


def test_person_stops_reminders_on_a_phone_without_scripts_and_undoes_it(
    person: OpenContext, house: House, make: Make
) -> None:
    told = make(_told, house.base_url)
    tab = ChromiumTab(person(viewport=NARROW, java_script_enabled=False).new_page())
    tab.goto(told.unsubscribe)
    onward(tab.page, tab.page.get_by_role("button", name="Stop these messages").click)
    expect(tab.page.get_by_text("none of these come by email any more")).to_be_visible()
    expect(tab.page.locator("#id-reminders-email")).not_to_be_checked()
    onward(tab.page, tab.page.get_by_role("button", name="Undo").click)
    expect(tab.page.get_by_text("It is as it was before.")).to_be_visible()
    expect(tab.page.locator("#id-reminders-email")).to_be_checked()
