"""Relays' clocks put on one line: a relay's wall clock is read once per process, and may be years from another's.

Within one connection (`run`) the clock only goes on. Where another connection goes on from a relay that was started
under another time, its parts would lie years away, and a film would hold years of silence, or nothing of what came
after. Such a connection is moved to where the one before it ended: how long the hole between was, nobody knows.
"""

from dataclasses import dataclass, field, replace

from recordings.parts import Gap, Part

# Parts of one stream may be this much earlier or later than what was there (a late disk, somebody away for hours).
MOST_BACK, MOST_ON = 120_000_000, 24 * 3600 * 1_000_000
# A move that one person's connection needed is tried with the others', so that all stay in step.
MOST_MOVES = 16


@dataclass
class Clocks:
    """What to add to the times of each connection, of all people of one recording. Times are µs.

    `began`: when it began by the house's clock; None where nobody knows. `known`: the moves that others needed, and 0.
    """

    began: int | None = None
    known: list[int] = field(default_factory=lambda: [0])
    _moves: dict[str, int] = field(default_factory=dict)

    def put_right(self, part: Part, ended: int | None) -> Part:
        """The part in the recording's time. `ended`: the latest end of the parts of this stream before it."""
        move = self._moves.get(part.run)
        if move is None:
            move = self._moves[part.run] = self._move(part, ended)
        if not move:
            return part
        gaps = tuple(Gap(gap.since + move, gap.until + move, gap.why) for gap in part.gaps)
        return replace(part, began=part.began + move, ended=part.ended + move, gaps=gaps)

    def _move(self, part: Part, ended: int | None) -> int:
        ended = self.began if ended is None else ended
        if ended is None:
            return 0
        for known in self.known:
            if -MOST_BACK <= part.began + known - ended <= MOST_ON:
                return known
        move = ended - part.began
        if len(self.known) < MOST_MOVES:
            self.known.append(move)
        return move
