"""The waiting room's card: place and range as the server says them, aloud once for each place, in all looks."""

import datetime as dt
import re
from dataclasses import dataclass

import pytest

from accounts.models import Practitioner
from consults import services
from consults.models import Encounter, WaitTold
from core.clock import now
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.conftest import Make
from tests.browser.house import House
from tests.browser.looks import Looks
from tests.browser.people import go_in

SHORT = dt.timedelta(minutes=8)
WORDS = "[data-wait-words]"
ONE_MORE = "document.querySelectorAll('[data-doors] li').length === 4"
KEEP_WORDS = """() => {
  window.keptWords = [];
  const region = document.querySelector('[data-announce=polite]');
  new MutationObserver(() => region.textContent && window.keptWords.push(region.textContent))
    .observe(region, { childList: true });
}"""
DRAWN_BAR = """() => {
  const box = (name) => document.querySelector(name).getBoundingClientRect();
  const [bar, range] = [box(".visit-scale"), box("[data-scale-range]")];
  return [(range.left - bar.left) / bar.width, (range.right - bar.left) / bar.width];
}"""


@dataclass(frozen=True)
class Morning:
    """Rosalind is with the doctor, Otto waits and is late, June comes in."""

    doctor: int
    rosalind: int
    june: Visit


def _morning(base_url: str) -> Morning:
    doctor = clinics.doctor(clinics.clinic(base_url))
    first, second = ({"starts_at": now() - dt.timedelta(minutes=ago), "lasts": SHORT} for ago in (60, 30))
    rosalind = factories.make_visit_in_progress(practitioner=doctor, **first)
    factories.make_waiting_visit(practitioner=doctor, **second)
    return Morning(doctor.pk, rosalind.pk, clinics.visit(doctor, minutes=-10, given_name="June"))


def _one_more(doctor: int) -> None:
    starts_at = now() + dt.timedelta(minutes=12)
    factories.make_waiting_visit(practitioner=Practitioner.objects.get(pk=doctor), starts_at=starts_at)


def _call_next(doctor: int, rosalind: int) -> None:
    """Rosalind's visit ends, and Otto is called in."""
    actor = factories.practitioner_actor(Practitioner.objects.get(pk=doctor))
    services.finish_visit(actor=actor, encounter=Encounter.objects.get(pk=rosalind))
    otto = Encounter.objects.filter(practitioner=doctor, status="arrived").order_by("appointment__starts_at")[0]
    services.admit_patient(actor=actor, encounter=otto)


def _scored(base_url: str) -> Cookie:
    """A clinic that has told 40 people how long they will wait; its administrator."""
    doctor = clinics.doctor(clinics.clinic(base_url))
    for number in range(40):
        visit = factories.make_visit(practitioner=doctor, starts_at=now() + dt.timedelta(hours=number + 1))
        WaitTold.objects.create(
            organization=doctor.organization,
            encounter=visit,
            told_at=now(),
            low_s=300,
            high_s=600,
            waited_s=420 if number < 33 else 900,
        )
    return clinics.administrator(doctor.organization)


@pytest.fixture
def morning(house: House, make: Make) -> Morning:
    return make(_morning, house.base_url)


def test_card_says_the_wait_as_a_range_and_aloud_once_for_each_place(look: Looks, morning: Morning, make: Make) -> None:
    tab = look.open()
    go_in(tab, morning.june.link)
    tab.wait_for(f"/^about \\d+ to \\d+ minutes$/.test(document.querySelector('{WORDS}').textContent)")
    card = tab.page.locator("[data-step=waiting] .hc-card-now")
    text = card.inner_text()
    assert "Your wait from now" in text
    assert re.search(r"Dr \w+ is running about \d+ minutes late today\. We are sorry\.", text)
    assert tab.page.locator("[data-standing]:visible").count() == 0
    low, high = tab.evaluate(f"({DRAWN_BAR})()")
    assert 0 < low < high <= 1
    for _ in range(4):
        look.check(tab)
    tab.evaluate(f"({KEEP_WORDS})()")
    make(_one_more, morning.doctor)
    tab.wait_for(ONE_MORE)
    assert tab.evaluate("window.keptWords") == []
    make(_call_next, morning.doctor, morning.rosalind)
    tab.wait_for("document.querySelector('[data-step=waiting] [data-heading]').textContent === 'You are next'")
    tab.wait_for("window.keptWords.length > 0")
    assert tab.evaluate("window.keptWords") == ["You are next. Please stay by your phone; the picture opens by itself."]


def test_administrator_reads_how_often_the_range_held(look: Looks, house: House, make: Make) -> None:
    tab = look.open(make(_scored, house.base_url))
    for _ in range(4):
        tab.goto("/staff/waits/")
        assert "Of 40 waits, 33 ended inside what we had said" in tab.page.inner_text("main")
        look.check(tab)
