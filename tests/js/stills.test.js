import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { StillCamera, ageWords, jpegSize, readStill, smallEnough } from "../../static/js/stills.js";

/** Start, a segment to be skipped, and a frame header that claims this size. */
const jpeg = (width, height, marker = 0xc0) =>
  Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, marker, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 0, 0, 0);
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

test("a picture loses quality first and size last until it fits", async () => {
  const asked = [];
  const blob = await smallEnough(async (width, quality) => {
    asked.push([width, quality]);
    return { size: width * quality * 200 };
  });
  assert.ok(blob.size <= 8_192);
  assert.deepEqual(asked[0], [320, 0.7]);
  assert.ok(asked.every(([width]) => width === 320));
  const small = await smallEnough(async (width) => ({ size: width > 200 ? 9_000 : 8_000 }));
  assert.equal(small.size, 8_000);
});

test("a picture that never fits, or cannot be made, is none", async () => {
  assert.equal(await smallEnough(async () => ({ size: 9_000 })), null);
  assert.equal(await smallEnough(async () => null), null);
});

test("the size is read from the frame header", () => {
  assert.deepEqual(jpegSize(jpeg(320, 180)), { width: 320, height: 180 });
  assert.deepEqual(jpegSize(jpeg(320, 180, 0xc2)), { width: 320, height: 180 });
  assert.equal(jpegSize(jpeg(320, 180, 0xda)), null, "data before any frame");
  assert.equal(jpegSize(Uint8Array.of(0x89, 0x50, 0x4e, 0x47)), null);
  assert.equal(jpegSize(jpeg(320, 180).slice(0, 14)), null, "cut off");
});

test("a picture that claims to be huge, is too long or no picture is not opened", () => {
  assert.ok(readStill(base64(jpeg(320, 180))));
  assert.equal(readStill(base64(jpeg(16_383, 16_383))), null);
  assert.equal(readStill(btoa("x".repeat(8_193))), null);
  assert.equal(readStill("not base64 %"), null);
});

function camera(video) {
  mock.timers.enable({ apis: ["setInterval"] });
  const sent = [];
  const canvas = { getContext: () => ({ drawImage: () => {} }), toBlob: (done) => done(new Blob(["still"])) };
  globalThis.document = { createElement: () => canvas, hidden: false };
  const source = { video };
  const stills = new StillCamera(() => source.video, (text) => sent.push(atob(text)));
  return { stills, sent, source };
}
const settle = () => new Promise((resolve) => setImmediate(resolve)).then(() => new Promise((resolve) => setImmediate(resolve)));

test("a picture is sent at once and every three seconds until nobody wants one", async () => {
  const { stills, sent } = camera({ videoWidth: 640, videoHeight: 360 });
  stills.want(true);
  stills.want(true);
  await settle();
  assert.deepEqual(sent, ["still"]);
  mock.timers.tick(3_000);
  await settle();
  assert.equal(sent.length, 2);
  stills.want(false);
  mock.timers.tick(9_000);
  await settle();
  assert.equal(sent.length, 2);
  mock.timers.reset();
});

test("a camera that is off sends no picture", async () => {
  const { stills, sent, source } = camera({ videoWidth: 640, videoHeight: 360 });
  stills.want(true);
  source.video = null; // switched off while the first one was being made
  await settle();
  mock.timers.tick(3_000);
  await settle();
  assert.deepEqual(sent, []);
  stills.stop();
  mock.timers.reset();
});

test("a still says how old it is", () => {
  assert.equal(ageWords(200), "Still picture, 1 second ago");
  assert.equal(ageWords(3_100), "Still picture, 3 seconds ago");
  assert.equal(ageWords(61_000), "Still picture, more than a minute ago");
});
