import assert from "node:assert/strict";
import { test } from "node:test";

import { ScreenShare } from "../../static/js/sharing.js";

class FakeTrack extends EventTarget {
  stopped = false;
  stop() {
    this.stopped = true;
  }
}

function setUp({ answer, open = true } = {}) {
  const track = new FakeTrack();
  const seen = { sent: [], tracks: [], states: [], trouble: [], open };
  const devices = { getDisplayMedia: answer ?? (async () => ({ getVideoTracks: () => [track] })) };
  const share = new ScreenShare((message) => seen.open && Boolean(seen.sent.push(message.on)), {
    onTrack: (each) => seen.tracks.push(each),
    onState: (state) => seen.states.push(state),
    onTrouble: (words) => seen.trouble.push(words),
  }, devices);
  return { share, track, seen };
}
const refuse = (name, message = "") => async () => {
  throw new DOMException(message, name);
};

test("a screen that was chosen is sent as text and said to be shared", async () => {
  const { share, track, seen } = setUp();
  await share.start();
  assert.equal(track.contentHint, "text");
  assert.deepEqual(seen.tracks, [track]);
  assert.deepEqual(seen.sent, [true]);
  assert.deepEqual(seen.states, ["asking", "on"]);
});

test("a picker that was closed says nothing and sends nothing", async () => {
  const { share, seen } = setUp({ answer: refuse("NotAllowedError", "Permission denied by user") });
  await share.start();
  assert.deepEqual([seen.sent, seen.tracks, seen.trouble], [[], [], []]);
  assert.equal(share.state, "off");
});

test("a computer that forbids sharing says so", async () => {
  const { share, seen } = setUp({ answer: refuse("NotAllowedError", "Permission denied by system") });
  await share.start();
  assert.match(seen.trouble[0], /system settings/);
});

test("the browser's own button ends the share", async () => {
  const { share, track, seen } = setUp();
  await share.start();
  track.dispatchEvent(new Event("ended"));
  assert.deepEqual(seen.sent, [true, false]);
  assert.equal(seen.tracks.at(-1), null);
  assert.equal(share.state, "off");
});

test("a share that is refused stops the track and says why, once", async () => {
  const { share, track, seen } = setUp();
  await share.start();
  share.refused("Dr Marlow is sharing their screen. Ask them to stop first.");
  assert.ok(track.stopped);
  assert.deepEqual(seen.sent, [true], "what was refused need not be taken back");
  assert.equal(seen.trouble.length, 1);
  share.refused("late");
  assert.equal(seen.trouble.length, 1);
});

test("without a socket nothing is shared", async () => {
  const { share, track, seen } = setUp({ open: false });
  await share.start();
  assert.ok(track.stopped);
  assert.equal(share.state, "off");
  assert.equal(seen.trouble.length, 1);
});

test("a page that left while the picker was open lets the screen go", async () => {
  const chosen = Promise.withResolvers?.() ?? (() => { let resolve; const promise = new Promise((done) => (resolve = done)); return { promise, resolve }; })();
  const { share, track, seen } = setUp({ answer: () => chosen.promise });
  const started = share.start();
  share.part();
  chosen.resolve({ getVideoTracks: () => [track] });
  await started;
  assert.ok(track.stopped);
  assert.deepEqual(seen.sent, []);
});

test("a reloaded page takes back the share that it no longer has", () => {
  const { share, seen } = setUp();
  share.compare({ screen: true });
  assert.deepEqual(seen.sent, [false]);
});

test("a visit that no longer knows of the share ends it, one that does not know yet does not", async () => {
  const { share, track, seen } = setUp();
  await share.start();
  share.compare({ screen: false });
  assert.equal(share.state, "on");
  share.compare({ screen: true });
  share.compare({ screen: false });
  assert.ok(track.stopped);
  assert.deepEqual(seen.trouble, ["Your screen is no longer shared."]);
});

test("a browser without screens to share cannot", () => {
  assert.equal(new ScreenShare(() => true, {}, {}).possible, false);
  assert.equal(setUp().share.possible, true);
});
