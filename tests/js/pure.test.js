import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatLog } from "../../static/js/chat.js";
import { ServerClock, countdownWords, ordinal, stopwatch } from "../../static/js/clock.js";
import { initials } from "../../static/js/dom.js";
import { SilenceWatch, SpeechWatch, blocksLit, loudness } from "../../static/js/level.js";
import { presence } from "../../static/js/remote-tile.js";
import { QualityWatch, isWeak, look } from "../../static/js/quality.js";

const message = (seq, client_id = `c${seq}`) => ({ seq, seat: "s", author: "A", body: "b", sent_at: "", client_id });

test("chat log with a hole asks from the last unbroken number", () => {
  const log = new ChatLog();
  log.add([message(1), message(2), message(4)]);
  assert.equal(log.seq, 2);
  assert.ok(log.hasHole);
  log.add([message(3)]);
  assert.equal(log.seq, 4);
  assert.ok(!log.hasHole);
});

test("chat log given the same message twice keeps it once", () => {
  const log = new ChatLog();
  assert.equal(log.add([message(1)]).length, 1);
  assert.equal(log.add([message(1)]).length, 0);
  assert.equal(log.messages.length, 1);
});

test("chat log keeps a message pending until it comes back", () => {
  const log = new ChatLog();
  log.queue("hello", "mine");
  assert.deepEqual(log.pending, [{ client_id: "mine", body: "hello" }]);
  log.add([message(1, "mine")]);
  assert.deepEqual(log.pending, []);
});

test("server clock counts by the server, whatever this device believes", () => {
  let here = Date.parse("2030-01-01T00:00:00Z");
  const clock = new ServerClock(() => here);
  clock.set("2026-11-24T16:00:00Z");
  here += 60_000;
  assert.equal(clock.until("2026-11-24T16:15:00Z"), 14 * 60_000);
  clock.set("not a time");
  assert.equal(clock.until("2026-11-24T16:15:00Z"), 14 * 60_000);
});

test("countdown words round up to minutes, and to days from two days on", () => {
  assert.equal(countdownWords(1_000), "1 second");
  assert.equal(countdownWords(59_001), "1 minute");
  assert.equal(countdownWords(11 * 60_000 + 1), "12 minutes");
  assert.equal(countdownWords(3 * 3_600_000), "3 hours");
  assert.equal(countdownWords(102 * 60_000), "1 hour 42 minutes");
  assert.equal(countdownWords(60 * 60_000 + 1), "1 hour 1 minute");
  assert.equal(countdownWords(48 * 3_600_000 - 60_000), "47 hours 59 minutes");
  assert.equal(countdownWords(48 * 3_600_000 + 1), "3 days");
  assert.equal(countdownWords(72 * 3_600_000), "3 days");
  assert.equal(countdownWords(-5), "0 seconds");
});

test("stopwatch shows hours only when there are any", () => {
  assert.equal(stopwatch(252_000), "04:12");
  assert.equal(stopwatch(3_729_000), "1:02:09");
  assert.equal(stopwatch(-1), "00:00");
});

test("ordinal follows English", () => {
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111].map(ordinal), [
    "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th",
  ]);
});

test("initials leave the title out", () => {
  assert.equal(initials("Dr Ines Marlow"), "IM");
  assert.equal(initials("Otto"), "O");
});

test("loudness of silence is nothing and of a full wave is one", () => {
  assert.equal(loudness(new Float32Array(8)), 0);
  assert.equal(loudness(Float32Array.of(1, -1, 1, -1)), 1);
  assert.equal(blocksLit(0), 0);
  assert.equal(blocksLit(1), 20);
  assert.ok(blocksLit(0.05) > 5 && blocksLit(0.05) < 16);
});

test("silence is called after five seconds of nothing, not before", () => {
  const watch = new SilenceWatch();
  assert.equal(watch.push(0, 0), "listening");
  assert.equal(watch.push(0, 4_900), "listening");
  assert.equal(watch.push(0, 5_000), "silent");
  assert.equal(watch.push(0.002, 5_100), "listening");
  assert.equal(watch.push(0.2, 5_200), "heard");
});

test("a quiet room is not silence", () => {
  const watch = new SilenceWatch();
  for (let at = 0; at < 20_000; at += 100) assert.notEqual(watch.push(0.001, at), "silent");
});

test("speaking holds over the gap between two words", () => {
  const watch = new SpeechWatch();
  assert.equal(watch.push(0.1, 0), true);
  assert.equal(watch.push(0, 500), true);
  assert.equal(watch.push(0, 800), false);
});

const seen = (change = {}) => ({ at: 0, rtt: 0.05, sentLoss: 0, received: 1000, lost: 0, camera: true, outgoing: 2_000_000, ...change });

test("a line is weak by loss either way, by delay, or by too little room for a picture", () => {
  assert.ok(!isWeak(seen(), seen({ received: 2000, lost: 10 })));
  assert.ok(isWeak(seen(), seen({ received: 1500, lost: 100 })));
  assert.ok(isWeak(seen(), seen({ received: 2000, sentLoss: 0.2 })));
  assert.ok(isWeak(seen(), seen({ received: 2000, rtt: 0.9 })));
  assert.ok(isWeak(seen(), seen({ received: 2000, outgoing: 60_000 })));
  assert.ok(!isWeak(seen(), seen({ received: 2000, outgoing: 60_000, camera: false })));
});

test("quality gives way after two bad looks and comes back after six good ones", () => {
  const watch = new QualityWatch();
  let received = 0;
  const push = (bad) => watch.push(seen({ received: (received += 500), sentLoss: bad ? 0.3 : 0 }));
  push(false);
  assert.equal(push(true), false);
  assert.equal(push(true), true);
  for (let good = 0; good < 5; good += 1) assert.equal(push(false), true);
  assert.equal(push(false), false);
});

test("a stats report is read by kind", () => {
  const report = new Map([
    ["a", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.2, availableOutgoingBitrate: 9 }],
    ["b", { type: "inbound-rtp", packetsReceived: 5, packetsLost: -1 }],
    ["c", { type: "remote-inbound-rtp", fractionLost: 0.1 }],
  ]);
  assert.deepEqual(look(report, true, 3), { at: 3, rtt: 0.2, sentLoss: 0.1, received: 5, lost: 0, camera: true, outgoing: 9 });
});

test("somebody lost is coming back for half a minute and then away", () => {
  assert.equal(presence(null, 90_000), "here");
  assert.equal(presence(60_000, 89_999), "coming-back");
  assert.equal(presence(60_000, 90_000), "away");
});
