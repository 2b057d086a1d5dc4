"""Reads from outside what a page's media connections receive. The page itself knows nothing of it."""

from dataclasses import dataclass
from typing import Protocol

# Runs before the page's own scripts: keeps every connection that the page makes.
KEEP_CONNECTIONS = """() => {
  if (window.keptConnections) return;
  window.keptConnections = [];
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) { super(...given); window.keptConnections.push(this); }
  };
}"""

_RECEIVED = """(async () => {
  // Whoever asks again and again leaves the page time to live in.
  await new Promise((done) => setTimeout(done, 50));
  const sum = { frames: 0, energy: 0, width: 0, packets: 0 };
  for (const connection of window.keptConnections ?? []) {
    if (connection.connectionState === 'closed') continue;
    for (const stat of (await connection.getStats()).values()) {
      if (stat.type !== 'inbound-rtp') continue;
      sum.packets += stat.packetsReceived ?? 0;
      if (stat.kind === 'video') {
        sum.frames += stat.framesDecoded ?? 0;
        sum.width = Math.max(sum.width, stat.frameWidth ?? 0);
      } else sum.energy += stat.totalAudioEnergy ?? 0;
    }
  }
  return sum;
})()"""


class Evaluates(Protocol):
    """A tab of either browser."""

    def evaluate(self, expression: str) -> object: ...


@dataclass(frozen=True)
class Received:
    """Sums over the open connections of a page."""

    frames: int
    energy: float
    width: int
    packets: int


def received(tab: Evaluates) -> Received:
    """What the page has received until now."""
    return Received(**tab.evaluate(_RECEIVED))  # type: ignore[arg-type]
