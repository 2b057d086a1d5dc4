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


# What the relay calls this page's seat in connectivity checks; the fault proxy knows its line by it.
UFRAG = "/a=ice-ufrag:(\\S+)/.exec(window.keptConnections.at(-1).remoteDescription.sdp)[1]"

# Runs before the page's own scripts: the microphone hears something like speech, without the pauses of a beep.
SPEECH = """() => {
  const devices = navigator.mediaDevices;
  const native = devices?.getUserMedia.bind(devices);
  if (!native) return;
  devices.getUserMedia = async (wish) => {
    const stream = await native(wish);
    if (!wish.audio) return stream;
    const context = new AudioContext();
    const noise = context.createBuffer(1, 2 * context.sampleRate, context.sampleRate);
    const samples = noise.getChannelData(0);
    for (let at = 0; at < samples.length; at++) {
      const syllable = 0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * at / context.sampleRate);
      samples[at] = syllable * (Math.random() - 0.5) * 0.5;
    }
    const source = new AudioBufferSourceNode(context, { buffer: noise, loop: true });
    const throat = new BiquadFilterNode(context, { type: 'bandpass', frequency: 700, Q: 0.7 });
    const out = context.createMediaStreamDestination();
    source.connect(throat).connect(out);
    source.start();
    stream.getAudioTracks().forEach((track) => track.stop());
    return new MediaStream([...out.stream.getAudioTracks(), ...stream.getVideoTracks()]);
  };
}"""

# Runs before the page's own scripts: a small picture, ten times a second, so that many people fit on one machine.
SMALL_CAMERA = """() => {
  const devices = navigator.mediaDevices;
  const native = devices?.getUserMedia.bind(devices);
  const small = { width: 320, height: 240, frameRate: 10 };
  if (native) devices.getUserMedia = (wish) => native({ ...wish, video: wish.video && small });
}"""

_SOUND = """(async () => {
  let concealed = 0;
  let all = 0;
  for (const stat of (await window.keptConnections.at(-1).getStats()).values()) {
    if (stat.type !== 'inbound-rtp' || stat.kind !== 'audio') continue;
    concealed += stat.concealedSamples ?? 0;
    all += stat.totalSamplesReceived ?? 0;
  }
  return [concealed, all];
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


def heard(tab: Evaluates) -> tuple[int, int]:
    """Samples of sound that had to be made up, and all samples, of the page's newest connection."""
    concealed, every = tab.evaluate(_SOUND)  # type: ignore[misc]
    return concealed, every
