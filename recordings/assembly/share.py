"""One process' share of the work on a recording: streams looked through, then made into files. Knows no row and no
other process: crew.py gives the orders, here or to children."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from recordings.assembly.clocks import Clocks
from recordings.assembly.making import SURVEY_WORK, Kind, Made, make_files
from recordings.assembly.survey import Findings, Survey, survey
from recordings.parts import Binding


@dataclass(frozen=True)
class Order:
    """One stream. `parts`: how many lie there now; `first` to `last`: which should."""

    binding: Binding
    parts: int
    first: int
    last: int


@dataclass(frozen=True)
class Look:
    """What the first reading found. `began`: the stream's first time; `moves`: of clocks, with those it was given."""

    found: Findings
    began: float | None
    moves: tuple[int, ...]


class Share:
    """Orders by number. `began`: the recording's, by the house's clock, Unix µs; `tell` hears of work done."""

    def __init__(self, orders: Mapping[int, Order], began: int | None, tell: Callable[[int], None]) -> None:
        self._orders, self._began, self._tell = orders, began, tell
        self._surveys: dict[int, Survey] = {}

    def look(self, number: int, moves: tuple[int, ...]) -> Look:
        """Read a stream for the first time; again where other people's clocks turn out to have been moved."""
        order = self._orders[number]
        clocks = Clocks(self._began, list(moves))
        work = 0 if number in self._surveys else SURVEY_WORK
        found = survey(order.binding, order.last, order.first, lambda: self._tell(work), clocks)
        self._surveys[number] = found
        findings = Findings(found.good, found.refused, found.missing, found.unfinished, found.strangers)
        return Look(findings, found.first_time(), tuple(clocks.known))

    def make(self, number: int, zero: float, names: Mapping[Kind, UUID]) -> Made:
        """Make the files of a stream that was looked through."""
        return make_files(self._orders[number].binding, self._surveys.pop(number), zero, self._tell, names)
