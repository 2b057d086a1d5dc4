import assert from "node:assert/strict";
import { test } from "node:test";

import { LIMITS, Steady, isHeld, judge } from "../../static/js/figures.js";
import { Rungs, ownWords, theirWords, tileNote } from "../../static/js/rungs.js";

const RUNGS = ["full", "low-rate", "stills", "audio"];

test("one's own rung is said with what was given up and what goes on", () => {
  assert.equal(ownWords("low-rate", "bandwidth"), "Your connection is weak. We turned the picture down to keep the sound clear.");
  assert.equal(
    ownWords("low-rate", "loss"),
    "Your connection is weak and loses parts on the way. We turned the picture down to keep the sound clear.",
  );
  assert.equal(ownWords("stills", "bandwidth"), "Your connection is weak. You see still pictures for now. The sound goes on.");
  assert.equal(ownWords("audio", "loss"), "Your connection is weak and loses parts on the way. It is too weak for pictures. The sound goes on.");
  assert.equal(ownWords("low-rate", "recovered"), "Your connection is better. The picture moves again. The sound goes first.");
  assert.equal(ownWords("full", "recovered"), "Your connection is good again. The picture is back.");
});

test("somebody else's rung is said by name", () => {
  assert.equal(theirWords("Alex", "stills", "bandwidth"), "Alex's connection is weak: they see still pictures of you. The sound goes on.");
  assert.equal(theirWords("Alex", "full", "recovered"), "Alex's connection is good again: they see you again.");
  assert.equal(tileNote("full"), "");
});

test("no two rungs and no two causes are said alike", () => {
  const said = RUNGS.slice(1).flatMap((rung) => ["loss", "bandwidth"].flatMap((why) => [ownWords(rung, why), theirWords("A", rung, why)]));
  assert.equal(new Set(said).size, said.length);
});

test("a rung is news once", () => {
  const rungs = new Rungs();
  assert.equal(rungs.set("me", "full"), false);
  assert.equal(rungs.set("me", "stills"), true);
  assert.equal(rungs.set("me", "stills"), false);
  assert.equal(rungs.of("me"), "stills");
  assert.equal(rungs.set("me", "full"), true);
  rungs.set("you", "audio");
  rungs.clear();
  assert.equal(rungs.of("you"), "full");
});

test("the line tells of oneself first, then of whoever lacks most", () => {
  const rungs = new Rungs();
  const others = [{ id: "a", name: "Alex" }, { id: "b", name: "Hanna" }];
  assert.equal(rungs.line("me", others), null);
  rungs.set("a", "low-rate");
  assert.deepEqual(rungs.line("me", others), { whose: "theirs", words: "Weak for Alex" });
  rungs.set("b", "audio");
  assert.deepEqual(rungs.line("me", others), { whose: "theirs", words: "Weak for 2 people" });
  rungs.set("a", "full");
  assert.deepEqual(rungs.line("me", others), { whose: "theirs", words: "Hanna sees no picture" });
  rungs.set("me", "stills");
  assert.deepEqual(rungs.line("me", others), { whose: "mine", words: "Weak: still pictures" });
  rungs.set("me", "full");
  assert.equal(rungs.line("me", [others[0]]), null, "who left is not spoken of");
});

const figure = (change = {}) => ({
  seat: "a", up_kbps: 900, up_loss_pct: 0, down_kbps: 1_500, down_loss_pct: 0, rtt_ms: 60, rung: "full", ...change,
});
const alex = { name: "Alex", camera: true };

test("figures without trouble are a good connection", () => {
  assert.deepEqual(judge(figure(), alex), { kind: "good", short: "", words: "Alex: good connection" });
});

test("what is not known is not held against anybody", () => {
  const unknown = figure({ up_kbps: null, up_loss_pct: null, down_kbps: null, down_loss_pct: null, rtt_ms: null });
  assert.equal(judge(unknown, alex).kind, "good");
});

test("each trouble is said with its number and with what to do", () => {
  const words = (change, person = alex) => judge(figure(change), person).words;
  assert.equal(words({ up_kbps: 92, up_loss_pct: 2 }), "Alex: their upload is 90 kbit/s: ask them to turn the video off");
  assert.equal(words({ up_loss_pct: 8.2 }), "Alex: 8 % of what they send gets lost: ask them to turn the video off");
  assert.equal(words({ down_loss_pct: 8 }), "Alex: their line loses 8 % of what we send. The sound goes first");
  assert.equal(words({ down_kbps: 64 }), "Alex: their line takes 60 kbit/s. The sound goes first");
  assert.equal(words({ rtt_ms: 1_000 }), "Alex: what they say arrives 0.5 seconds late. Leave pauses between sentences");
  assert.equal(words({ up_kbps: 92, rtt_ms: 250 }, { name: "You", camera: true, you: true }), "You: your upload is 90 kbit/s: turn the video off");
});

test("who sends no picture is not blamed for sending little", () => {
  assert.equal(judge(figure({ up_kbps: 40 }), { name: "Alex", camera: false }).kind, "good");
  const advice = judge(figure({ up_loss_pct: 9 }), { name: "Alex", camera: false }).words;
  assert.equal(advice, "Alex: 9 % of what they send gets lost: ask them to sit nearer to the Wi-Fi");
});

test("an upload that somebody else's weak line keeps small is no trouble of who sends", () => {
  const small = figure({ up_kbps: 90, up_loss_pct: 2 });
  assert.ok(!isHeld([small, figure({ seat: "b" })], "a"));
  assert.ok(isHeld([small, figure({ seat: "b", down_kbps: 120 })], "a"));
  assert.ok(isHeld([small, figure({ seat: "b", rung: "stills", down_kbps: null })], "a"));
  assert.equal(judge(small, { ...alex, held: true }).kind, "good");
});

test("a quiet scene that needs little is no narrow line", () => {
  assert.equal(judge(figure({ up_kbps: 40 }), alex).kind, "good");
});

test("each limit is where it is said to be", () => {
  assert.equal(judge(figure({ up_kbps: LIMITS.upload, up_loss_pct: 1 }), alex).kind, "good");
  assert.equal(judge(figure({ up_kbps: LIMITS.upload - 1, up_loss_pct: 1 }), alex).kind, "upload");
  assert.equal(judge(figure({ up_loss_pct: LIMITS.loss }), alex).kind, "up-loss");
  assert.equal(judge(figure({ rtt_ms: LIMITS.delay - 1 }), alex).kind, "good");
});

test("a verdict is said after two figures and taken back after four", () => {
  const steady = new Steady();
  const bad = judge(figure({ up_kbps: 90, up_loss_pct: 2 }), alex);
  const good = judge(figure(), alex);
  assert.deepEqual(steady.push(bad), { verdict: { kind: "good", short: "", words: "" }, news: false }, "one figure is no trouble yet");
  assert.equal(steady.push(good).verdict.kind, "good");
  steady.push(bad);
  assert.deepEqual(steady.push(bad), { verdict: bad, news: true });
  assert.deepEqual(steady.push(bad), { verdict: bad, news: false });
  for (let quiet = 0; quiet < 3; quiet += 1) assert.equal(steady.push(good).verdict.kind, "upload");
  assert.deepEqual(steady.push(good), { verdict: good, news: true });
});
