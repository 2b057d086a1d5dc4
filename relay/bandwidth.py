"""Sharing what receivers can take among what senders send. Pure arithmetic in bits a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

VOICE = 50_000
FLOOR = 100_000  # never asked to go lower: below this a picture is worth less than its delay
LAYER_PART = 0.6  # of a camera's bits are in the lower of its two temporal layers
ALONE = 1_500_000  # what the relay allows a sender nobody has reported on yet; alike the offer's start bitrate
STALE_SECONDS = 10.0
FEW_LOSSES = 0.05  # parts of one: NACK and Opus FEC mend these
SCREEN = "screen"
SCREEN_PART = 0.7  # a shared screen comes first: text must stay legible


def shares(total: int, sources: Sequence[str], voices: int) -> list[int]:
    """What each of a receiver's videos (by source name) may take of its estimate `total`, in the order given."""
    rest = max(0, total - VOICE * voices)
    screens = sum(source == SCREEN for source in sources)
    cameras = len(sources) - screens
    for_screens = rest if not cameras else int(rest * SCREEN_PART) if screens else 0
    result = []
    for source in sources:
        share = for_screens // screens if source == SCREEN else (rest - for_screens) // cameras
        result.append(max(FLOOR, share))
    return result


def cap(offers: Iterable[int]) -> int:
    """A sender's limit: the smallest share any of its receivers has for it, or the relay's own when none has said."""
    return min(offers, default=ALONE)


def thinned(share: int) -> int:
    """What a sender with layers may send in all, so that its lower layer fits `share`."""
    return int(share / LAYER_PART)


def worth_telling(bitrate: int, told: int | None) -> bool:
    """Whether the change is large enough not to wait for the next regular report."""
    return told is None or abs(bitrate - told) > told * 0.05
