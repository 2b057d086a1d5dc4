"""What is missing in a file, as a list for people: from, to and why, in ms of the recording's timeline."""

from collections.abc import Iterable

from recordings.assembly.webm import Hole
from recordings.parts import Gap

# Two gaps for the same reason this close are one.
JOIN_MS = 100
MOST = 1000


def gaps_of(parts: Iterable[Gap], holes: Iterable[Hole], zero: float, ends: float) -> list[dict[str, str | int]]:
    """As {"from", "to", "why", "source"}: gaps of whole parts (`source` empty), and holes that these do not explain.

    `why` is what the relay said (lease, queue, disk, loss, left), or missing, changed, loss, left, off by its owner.
    Times that come in are Unix µs; `zero` is the timeline's start. What lies outside the file is no gap in it.
    """
    told = [(max(gap.since, zero), min(gap.until, ends), gap.why, "") for gap in parts]
    told = [gap for gap in told if gap[1] > gap[0]]
    unexplained = [
        (hole.since, hole.until, hole.why, hole.source)
        for hole in holes
        if not any(since < hole.until and hole.since < until for since, until, _, _ in told)
    ]
    found: list[dict[str, str | int]] = []
    for since, until, why, source in sorted(told + unexplained):
        begin, end = int((since - zero) // 1000), int((until - zero) // 1000)
        last = next((gap for gap in reversed(found) if (gap["why"], gap["source"]) == (why, source)), None)
        if last is not None and begin - int(last["to"]) <= JOIN_MS:
            last["to"] = max(int(last["to"]), end)
        else:
            found.append({"from": begin, "to": end, "why": why, "source": source})
    return found[:MOST]
