"""Whose media may be recorded now. Pure: what people answered, who is there. No query is made here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.roles import Role
from consults.models import Seat

PERMIT = "permit"


@dataclass(frozen=True)
class Person:
    """Somebody in the visit, as the ledger knows them."""

    type: str
    id: int


def person_of(seat: Seat) -> Person:
    return Person(seat.actor_type, seat.actor_id)


def who_may_be_recorded(seats: Iterable[Seat], decisions: Mapping[Person, str]) -> dict[Person, Seat]:
    """Those who are there and whose last answer is a yes; nobody before the practitioner and one other have agreed."""
    here = [seat for seat in seats if seat.left_at is None]
    agreed = {person_of(seat): seat for seat in here if decisions.get(person_of(seat)) == PERMIT}
    roles = [seat.role for seat in agreed.values()]
    is_enough = Role.PRACTITIONER in roles and len(roles) > 1
    return agreed if is_enough else {}
