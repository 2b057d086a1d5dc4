"""`python -m bench.ladder`: two Chromium tabs, one behind a bad line that heals; what the rescue ladder makes of it.

The relay runs in this process, without the web part: the pages get offers and give answers by hand. The first seconds
are a good line, then comes the bad one, then it heals. Says when the rungs changed, how much speech was concealed on
the bad line, and after the healing when the first frame was decoded and when full video was back.
"""

import argparse
import asyncio
import json
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from tests.browser.flags import CHROMIUM_FLAGS
from tests.faults.core import Faults
from tests.faults.proxy import FaultProxy
from tests.relay.house import House, open_house

PAGE = """
<!doctype html><title>ladder</title><script>
const pc = new RTCPeerConnection();
pc.ontrack = (event) => {
  const element = document.createElement(event.track.kind);
  element.srcObject = new MediaStream([event.track]);
  element.autoplay = true;
  document.body.append(element);
};
let tracks = {};
async function answer(offer, layers) {
  if (!tracks.audio) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } });
    tracks = { audio: stream.getAudioTracks()[0], camera: stream.getVideoTracks()[0] };
  }
  await pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
  for (const transceiver of pc.getTransceivers()) {
    const source = Object.keys(offer.up).find((name) => offer.up[name] === transceiver.mid);
    if (!tracks[source] || transceiver.sender.track) continue;
    transceiver.direction = 'sendonly';
    await transceiver.sender.replaceTrack(tracks[source]);
    if (source === 'camera' && layers) {
      const parameters = transceiver.sender.getParameters();
      parameters.encodings[0].scalabilityMode = 'L1T2';
      await transceiver.sender.setParameters(parameters);
    }
  }
  const made = await pc.createAnswer();
  made.sdp = made.sdp.replaceAll('a=rtpmap:111 ', 'a=rtcp-fb:111 nack\\r\\na=rtpmap:111 ');
  await pc.setLocalDescription(made);
  return made.sdp;
}
async function figures() {
  const names = ['frames', 'width', 'keys', 'concealed', 'samples', 'plis', 'jitter', 'emitted'];
  const sum = Object.fromEntries(names.map((name) => [name, 0]));
  for (const stat of (await pc.getStats()).values()) {
    if (stat.type !== 'inbound-rtp') continue;
    if (stat.kind === 'video') {
      sum.frames += stat.framesDecoded ?? 0;
      sum.width = Math.max(sum.width, stat.frameWidth ?? 0);
      sum.keys += stat.keyFramesDecoded ?? 0;
      sum.plis += stat.pliCount ?? 0;
    } else {
      sum.concealed += (stat.concealedSamples ?? 0) - (stat.silentConcealedSamples ?? 0);
      sum.samples += stat.totalSamplesReceived ?? 0;
      sum.jitter += stat.jitterBufferDelay;
      sum.emitted += stat.jitterBufferEmittedCount;
    }
  }
  return sum;
}
</script><body></body>
"""


class Tabs:
    """The seats of a room, each a tab; those in `behind` reach the relay through the proxy."""

    def __init__(self, house: House, proxy: FaultProxy, behind: set[str], layers: bool) -> None:
        self.house = house
        self.proxy = proxy
        self.behind = behind
        self.layers = layers
        self.pages: dict[str, Page] = {}
        self.answered: dict[str, int] = {}

    async def join(self, name: str, page: Page) -> None:
        house = self.house
        self.pages[name] = page
        house.tell(**{name: True})
        house.connections[name] = str(uuid.uuid4())
        house.web.send(type="connect", **house.at(name))
        await self.answer(name)
        await house.web.expect("seat", state="connected", **house.at(name))

    async def answer(self, name: str) -> None:
        house = self.house
        number = self.answered.get(name, 0) + 1
        offer = await house.web.expect("offer", offer=number, **house.at(name))
        sdp = offer["sdp"]
        if name in self.behind:
            sdp = sdp.replace(f" {house.relay.port} typ host", f" {self.proxy.address[1]} typ host")
        given = {"sdp": sdp, "up": offer["up"]}
        answered = await self.pages[name].evaluate("([offer, layers]) => answer(offer, layers)", [given, self.layers])
        house.web.send(type="answer", offer=number, sdp=answered, **house.at(name))
        self.answered[name] = number

    async def settle(self) -> None:
        await self.house.sync()
        while waiting := [name for name in self.pages if self.house._open(name)]:
            for name in waiting:
                await self.answer(name)
            await self.house.sync()


class Watch:
    """One line a second of what both sides see."""

    def __init__(self, tabs: Tabs, talk: bool) -> None:
        self.tabs = tabs
        self.talk = talk
        self.begun = time.monotonic()
        self.rungs: list[tuple[float, str, str]] = []
        self.former: dict[str, float] = {"jitter": 0.0, "emitted": 0}

    def at(self) -> float:
        return time.monotonic() - self.begun

    def peer(self, name: str) -> Any:
        house = self.tabs.house
        return house.relay.board.rooms[house.room].seats[house.seat(name)].peer

    async def figures(self, name: str) -> dict[str, float]:
        found: dict[str, float] = await self.tabs.pages[name].evaluate("() => figures()")
        return found

    async def run(self, seconds: float, until: Any = None) -> None:
        end = time.monotonic() + seconds
        turn = 0
        while time.monotonic() < end:
            await asyncio.sleep(0.1)
            turn += 1
            await self.tabs.settle()
            receiver = self.peer("doctor").receiver
            rung = receiver.rung.label
            if not self.rungs or self.rungs[-1][1] != rung:
                self.rungs.append((round(self.at(), 1), rung, receiver.ladder.why))
            if turn % 10 == 0 and self.talk:
                await self.say()
            if until is not None and await until():
                return

    async def say(self) -> None:
        now = self.tabs.house.relay._clock()
        receiver = self.peer("doctor").receiver
        seen = await self.figures("doctor")
        other = await self.figures("patient")
        signs = receiver.signs(now)
        waited = 1000 * (seen["jitter"] - self.former["jitter"]) / max(1, seen["emitted"] - self.former["emitted"])
        self.former = seen
        print(
            f"{self.at():5.1f} {receiver.rung.label:8} est {receiver.said(now)} grant {receiver.ladder.granted(now)}"
            f" rtt {receiver.trip.seconds} delay {signs.delay}"
            f" loss {signs.voice_loss} {signs.video_loss} cap {self.peer('patient').policy.limit(now)}"
            f" | frames {seen['frames']} {seen['width']} keys {seen['keys']} pli {seen['plis']}"
            f" concealed {seen['concealed']}/{seen['samples']} held {waited:.0f} ms"
            f" | other concealed {other['concealed']}/{other['samples']} frames {other['frames']}",
            flush=True,
        )


def concealed(before: dict[str, float], after: dict[str, float]) -> float:
    return round(100 * (after["concealed"] - before["concealed"]) / max(1, after["samples"] - before["samples"]), 2)


async def story(options: argparse.Namespace) -> dict[str, Any]:
    bad = Faults().read(options.line)
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright, open_house(Path(folder)) as house:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*CHROMIUM_FLAGS])
            async with FaultProxy(("127.0.0.1", house.relay.port), seed=options.seed) as proxy:
                tabs = Tabs(house, proxy, {"doctor"}, options.layers)
                for name in ("doctor", "patient"):
                    page = await browser.new_page()
                    await page.route(
                        "https://ladder.test/", lambda route: route.fulfill(body=PAGE, content_type="text/html")
                    )
                    await page.goto("https://ladder.test/")
                    await tabs.join(name, page)
                await tabs.settle()
                result = await measure(tabs, proxy, bad, options)
            await browser.close()
    return result


async def measure(tabs: Tabs, proxy: FaultProxy, bad: Faults, options: argparse.Namespace) -> dict[str, Any]:
    watch = Watch(tabs, options.talk)
    await watch.run(options.good)
    begun = watch.at()
    before = {name: await watch.figures(name) for name in tabs.pages}
    up = bad if options.both else Faults()
    proxy.set(up=up, down=bad)
    await watch.run(3.0)
    settled = {name: await watch.figures(name) for name in tabs.pages}
    await watch.run(options.bad - 3.0)
    after = {name: await watch.figures(name) for name in tabs.pages}
    proxy.set(up=Faults(), down=Faults())
    healed = watch.at()
    frames = after["doctor"]["frames"]

    async def seen() -> bool:
        return (await watch.figures("doctor"))["frames"] > frames

    async def full() -> bool:
        return watch.peer("doctor").receiver.rung.label == "full"

    await watch.run(30.0, seen)
    first = watch.at() - healed
    await watch.run(30.0, full)
    whole = watch.at() - healed
    await watch.run(options.after)
    return {
        "bad_from_s": round(begun, 1),
        "healed_s": round(healed, 1),
        "rungs": watch.rungs,
        "concealed_pct": {name: concealed(before[name], after[name]) for name in before},
        "concealed_after_3s_pct": {name: concealed(settled[name], after[name]) for name in before},
        "first_frame_s": round(first, 2),
        "full_s": round(whole, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ladder", description=__doc__)
    parser.add_argument("--line", default="rate=64000 loss=0.05", help="the bad line, as tests.faults reads it")
    parser.add_argument("--both", action="store_true", help="bad in both directions, not only towards the doctor")
    parser.add_argument("--layers", action="store_true", help="cameras send two temporal layers")
    parser.add_argument("--good", type=float, default=8.0)
    parser.add_argument("--bad", type=float, default=30.0)
    parser.add_argument("--after", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--talk", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = asyncio.run(story(options))
    print(json.dumps(result) if options.json else json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
