"""The last place of a group, many takers: one gets it, and the others are told that the group is full."""

from functools import partial

import pytest

from accounts.actors import ANONYMOUS
from core.errors import Conflict
from scheduling.models import Appointment, GroupPlace
from scheduling.selectors.groups import coming_to
from scheduling.services import add_patient, book_held
from tests.integration.scheduling.clinic import Clinic
from tests.integration.scheduling.overlapping import overlaps
from tests.together import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TAKERS = 20


def test_twenty_who_join_at_once_for_one_place_are_one() -> None:
    clinic = Clinic()
    group = clinic.group(2)
    calls = [
        partial(add_patient, actor=clinic.desk, appointment=group, patient=clinic.new_patient()) for _ in range(TAKERS)
    ]
    results = all_at_once(calls)
    refused = [one for one in results if isinstance(one, Conflict)]
    assert {(one.code, one.extra["whose"], one.status) for one in refused} == {("slot.taken", "group", 409)}
    assert len(refused) == TAKERS - 1
    assert len(coming_to(group)) == 3
    assert overlaps() == 0


def test_twenty_browsers_that_hold_the_last_place_at_once_are_one_and_it_is_booked_once() -> None:
    clinic = Clinic()
    group = clinic.group(2)
    results = all_at_once([partial(clinic.hold, actor=ANONYMOUS)] * TAKERS)
    [hold] = [one for one in results if isinstance(one, Appointment)]
    patient = clinic.new_patient()
    booked = all_at_once([partial(book_held, actor=ANONYMOUS, appointment=hold, patient=patient)] * 5)
    assert booked == [group] * 5
    assert GroupPlace.objects.filter(appointment=group).count() == 3


def test_two_desks_that_open_the_same_group_at_once_meet_in_one() -> None:
    clinic = Clinic()
    clinic.offer_groups(7)
    calls = [partial(clinic.book, visit_type=clinic.visit_type, patient=clinic.new_patient()) for _ in range(7)]
    results = all_at_once(calls)
    assert len(set(results)) == 1
    assert len(coming_to(results[0])) == 7
    assert Appointment.objects.count() == 1
