"""Guests at the same moment: invited by several people, sitting down while they are removed."""

import uuid
from functools import partial

import pytest

from consults import services
from consults.models import Seat
from core.errors import Invalid, NotFound
from scheduling.models import Guest
from scheduling.services import add_guest, remove_guest
from tests import factories as make
from tests.together import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_many_invited_at_once_are_as_many_as_the_room_holds() -> None:
    visit = make.make_visit()
    invite = partial(add_guest, actor=make.SYSTEM, appointment=visit.appointment, role="family")
    results = all_at_once([partial(invite, name=f"Guest {number}") for number in range(9)])
    assert sum(isinstance(result, Guest) for result in results) == 6
    assert {result.code for result in results if isinstance(result, Invalid)} == {"guest.too_many"}
    again = all_at_once([partial(invite, name="Guest 0") for _ in range(4)])
    assert {type(result) for result in again} in ({Guest}, {Invalid})
    assert Guest.objects.filter(appointment=visit.appointment).count() == 6


def test_guest_who_sits_down_while_being_removed_is_not_there_afterwards() -> None:
    for _ in range(5):
        visit = make.make_visit_in_progress()
        guest = make.make_guest(visit.appointment)
        actor = make.seat_guest(visit, guest)
        services.leave_call(actor=actor, encounter=visit)
        sit = partial(services.take_seat, actor=actor, encounter=visit, holder=uuid.uuid4())
        results = all_at_once([sit, partial(remove_guest, actor=make.SYSTEM, guest=guest), sit])
        assert all(isinstance(result, Guest | Seat | NotFound) for result in results)
        assert not Seat.objects.filter(encounter=visit, actor_type="guest", left_at=None).exists()
