"""Which relay a visit goes to: the one with the fewest seats, and nowhere else while it may stay."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from signaling.choice import SEATS_OF_A_VISIT, Choice, Standing, choose, least_loaded

ROOMS = [UUID(int=number) for number in range(12)]
NAMES = ["one", "two", "three", "four"]


@st.composite
def fleets(draw: st.DrawFn) -> list[Standing]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    fleet = []
    for name in names:
        is_open, is_kept = draw(st.sampled_from([(True, True), (False, True), (False, False)]))
        rooms = draw(st.frozensets(st.sampled_from(ROOMS)))
        fleet.append(Standing(name, is_open, is_kept, draw(st.integers(0, 40)), rooms))
    return fleet


placements = st.dictionaries(st.sampled_from(ROOMS), st.sampled_from([*NAMES, "gone", ""]))


def load(relay: Standing, placed: dict[UUID, str]) -> int:
    """Seats reported, and those of visits placed there that the report did not know."""
    unseen = [room for room, name in placed.items() if name == relay.name and room not in relay.rooms]
    return relay.seats + SEATS_OF_A_VISIT * len(unseen)


@given(fleets(), placements)
def test_least_loaded_is_open_and_nobody_open_has_fewer_seats(fleet: list[Standing], placed: dict[UUID, str]) -> None:
    chosen = least_loaded(fleet, placed)
    open_ones = {relay.name: relay for relay in fleet if relay.is_open}
    if not open_ones:
        assert chosen == ""
        return
    assert load(open_ones[chosen], placed) == min(load(relay, placed) for relay in open_ones.values())


@given(fleets(), placements, st.sampled_from([*NAMES, "gone", ""]))
def test_visit_stays_where_it_may_and_goes_to_an_open_relay_otherwise(
    fleet: list[Standing], placed: dict[UUID, str], at: str
) -> None:
    gone_to = choose(fleet, placed).of(at)
    if at in {relay.name for relay in fleet if relay.is_kept} or not any(relay.is_open for relay in fleet):
        assert gone_to == at
    else:
        assert gone_to in {relay.name for relay in fleet if relay.is_open}


@given(st.integers(1, 4), st.integers(0, 12))
def test_visits_that_come_one_after_another_are_spread_evenly(relays: int, visits: int) -> None:
    fleet = [Standing(name, True, True) for name in NAMES[:relays]]
    placed: dict[UUID, str] = {}
    for room in ROOMS[:visits]:
        placed[room] = choose(fleet, placed).target
    counts = [list(placed.values()).count(relay.name) for relay in fleet]
    assert max(counts) - min(counts) <= 1


def test_choice_without_any_relay_leaves_a_visit_where_it_is() -> None:
    assert Choice(frozenset(), "").of("one") == "one"
    assert Choice(frozenset(), "").of("") == ""
