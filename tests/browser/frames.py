"""When a page decoded frames: a log kept in the page by its own clock, so that it does not matter when it is read."""

import itertools
import time
from dataclasses import dataclass
from typing import Protocol

# Runs after KEEP_CONNECTIONS and before the page's own scripts. One entry each time a remote picture moved on:
# [milliseconds since 1970, which connection of this page, which picture of it].
LOG_FRAMES = """() => {
  if (window.frameLog) return;
  window.frameLog = [];
  const decoded = new Map();
  // Firefox never settles a question to a connection that was closed meanwhile.
  const asked = (connection) => Promise.race([
    connection.getStats().catch(() => new Map()), new Promise((done) => setTimeout(done, 300, new Map())),
  ]);
  const look = async () => {
    for (const [number, connection] of (window.keptConnections ?? []).entries()) {
      if (connection.connectionState === 'closed') continue;
      const report = await asked(connection);
      for (const stat of report.values()) {
        if (stat.type !== 'inbound-rtp' || stat.kind !== 'video') continue;
        const name = `${number} ${stat.id}`;
        if ((stat.framesDecoded ?? 0) > (decoded.get(name) ?? 0)) window.frameLog.push([Date.now(), number, stat.id]);
        decoded.set(name, stat.framesDecoded ?? 0);
      }
    }
    setTimeout(look, 50);
  };
  look();
}"""
RESOLUTION_MS = 50


def log_frames(tab: "Evaluates") -> None:
    """Begin the log on a page that is there already."""
    tab.evaluate(f"(({LOG_FRAMES})(), 1)")


def now_ms() -> float:
    """The clock that pages on this machine share."""
    return time.time() * 1000


class Evaluates(Protocol):
    """A tab of either browser."""

    def evaluate(self, expression: str) -> object: ...
    def wait_for(self, condition: str, seconds: float = 45.0) -> None: ...


@dataclass(frozen=True)
class Frames:
    """The moments, in milliseconds since 1970, at which a page's remote pictures moved on."""

    log: list[tuple[float, int, str]]

    def first_after(self, at: float) -> float:
        """The first frame after a moment."""
        return min(when for when, _, _ in self.log if when > at)

    def first_of_connection(self, number: int) -> float:
        """The first frame of this connection of the page or a later one: what is under way on earlier ones is not."""
        return min(when for when, connection, _ in self.log if connection >= number)

    def longest_gap(self, start: float, end: float) -> float:
        """The longest time between two moments without a new frame, whichever picture it is of."""
        moments = [start, *sorted(when for when, _, _ in self.log if start < when < end), end]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))


def frames(tab: Evaluates) -> Frames:
    """What the page logged until now."""
    return Frames([tuple(entry) for entry in tab.evaluate("window.frameLog")])  # type: ignore[union-attr, misc]


def next_connection(tab: Evaluates) -> int:
    """The number that the page's next media connection will have in the log."""
    return int(str(tab.evaluate("window.keptConnections.length")))


def wait_for_frames_of_connection(tab: Evaluates, number: int, seconds: float) -> None:
    """Wait until this connection of the page, or a later one, shows frames."""
    tab.wait_for(f"window.frameLog.some((entry) => entry[1] >= {number})", seconds)


def wait_for_flow(tab: Evaluates, since: float, seconds: float) -> None:
    """Wait until, some time after the moment, frames have come for a second and a half without a noticeable hole."""
    tab.wait_for(
        f"""((now) => {{
          if (now < {since} + 1500) return false;
          const late = window.frameLog.map((entry) => entry[0]).filter((at) => at > now - 1500);
          const moments = [now - 1500, ...late, now];
          return moments.length > 8 && moments.every((at, index) => !index || at - moments[index - 1] < 700);
        }})(Date.now())""",
        seconds,
    )
