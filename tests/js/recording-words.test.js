import assert from "node:assert/strict";
import { test } from "node:test";

import { controlWord, isActive, news, pill, stateWords, stoppedWords, whyWords } from "../../static/js/recording-words.js";

const CHICAGO = { zone: "America/Chicago", zoneName: "Chicago time (CST)", locale: "en" };
const STATES = ["none", "requested", "waiting", "recording", "paused", "finishing", "ready", "failed", "erased"];
const SINCE = "2026-11-23T16:30:00Z";
const view = (state, change = {}) => ({
  state,
  on: state === "recording",
  agreed: 2,
  of: 2,
  mine: "permit",
  asked: false,
  erasable: null,
  problem: null,
  until: null,
  may_start: false,
  since: ["recording", "paused", "finishing", "ready", "failed", "erased"].includes(state) ? SINCE : null,
  ...change,
});
const said = (before, after) => news(before, after, CHICAGO)?.words ?? null;

test("pill is red for no state in which no byte reaches the disk", () => {
  for (const state of STATES) assert.notEqual(pill(view(state, { on: false }), "patient")?.tone, "on");
  assert.equal(pill(view("recording"), "patient").tone, "on");
});

test("pill is not red on a page that hears nothing, whatever it heard last", () => {
  for (const state of STATES) assert.notEqual(pill(view(state, { deaf: true }), "patient")?.tone, "on");
  assert.equal(pill(view("recording", { deaf: true, asked: true }), "patient").then, "not known");
  assert.equal(pill(view("ready", { deaf: true }), "patient").then, pill(view("ready"), "patient").then);
});

test("pill names how many agreed, to the doctor also when all did", () => {
  assert.deepEqual([pill(view("recording"), "patient").then, pill(view("recording"), "practitioner").then], ["", "all agreed"]);
  for (const who of ["patient", "practitioner"]) assert.equal(pill(view("recording", { of: 3 }), who).then, "2 of 3 agreed");
});

test("pill asks who has not answered, and says first that others are recorded", () => {
  assert.equal(pill(view("waiting", { asked: true }), "patient").tone, "ask");
  assert.equal(pill(view("paused", { asked: true }), "patient").tone, "ask");
  assert.equal(pill(view("recording", { asked: true, of: 3 }), "patient").tone, "on");
});

test("pill is nothing where nothing is recorded or was", () => {
  for (const recording of [view("none"), view("finishing", { since: null }), view("failed", { since: null })]) {
    assert.equal(pill(recording, "patient"), null);
  }
});

test("every state has words, for the control and for everybody", () => {
  for (const state of STATES) {
    assert.ok(stateWords(view(state, { on: false }), CHICAGO).endsWith("."), state);
    assert.ok(controlWord(view(state, { on: false })), state);
  }
  assert.equal(controlWord(view("none", { may_start: true })), "off");
  assert.equal(controlWord(view("none")), "not now");
});

test("stopped recording says what is safe, with the time and its zone", () => {
  assert.equal(
    stoppedWords(view("paused", { until: "2026-11-23T16:44:31Z" }), CHICAGO),
    "The recording stopped. What was recorded until 10:44 am, Chicago time (CST), is safe. The visit goes on.",
  );
  assert.equal(stoppedWords(view("paused"), CHICAGO), "The recording stopped. Nothing was recorded yet. The visit goes on.");
});

test("start, pause, going on and end are each said once", () => {
  const on = view("recording");
  assert.equal(said(view("waiting"), on), "The recording has begun. All agreed.");
  assert.equal(said(on, on), null);
  assert.equal(said(on, view("paused", { problem: "consent" })), "The recording is paused. It goes on when you and one other person agree.");
  assert.equal(said(view("paused"), on), "The recording goes on. All agreed.");
  assert.equal(said(on, view("finishing")), "The recording has ended.");
  assert.equal(said(view("finishing"), view("ready")), "The recording has ended and is saved.");
  assert.equal(said(view("ready"), view("ready")), null);
});

test("trouble is said at once and stays on the page", () => {
  const told = news(view("recording"), view("paused", { problem: "full", until: "2026-11-23T16:44:31Z" }), CHICAGO);
  assert.equal(told.how, "assertive");
  assert.ok(told.stays);
  assert.match(told.words, /until 10:44 am/);
  assert.match(stateWords(view("paused", { problem: "full" }), CHICAGO), /disk is nearly full/);
  const never = news(view("waiting"), view("waiting", { problem: "full" }), CHICAGO);
  assert.match(never.words, /cannot begin yet/);
});

test("pause that people make themselves is told calmly", () => {
  for (const problem of ["consent", "silent"]) assert.equal(news(view("recording"), view("paused", { problem }), CHICAGO).how, "polite");
  assert.equal(stateWords(view("waiting", { problem: "consent", agreed: 1 }), CHICAGO), "Waiting for consent: 1 of 2 agreed.");
  assert.match(stateWords(view("waiting"), CHICAGO), /begins in a moment/);
});

test("reload in a recording tells that it runs, and nothing else", () => {
  assert.match(said(null, view("recording")), /is being recorded/);
  for (const state of STATES) assert.equal(said(null, view(state, { on: false })), null);
});

test("request that is taken back is told as that, and not as a loss", () => {
  for (const after of [view("none"), view("finishing", { since: null }), view("failed", { since: null })]) {
    assert.equal(said(view("waiting"), after), "Nobody is asked to be recorded any more.");
  }
  assert.equal(said(view("finishing", { since: null }), view("failed", { since: null })), null);
});

test("somebody who joins or withdraws changes the count that is told", () => {
  assert.equal(said(view("recording"), view("recording", { of: 3 })), "Recording: 2 of 3 agreed.");
});

test("problem without words for people gives none", () => {
  assert.equal(whyWords("something-new"), "");
  assert.equal(whyWords(null), "");
  assert.ok(!isActive(view("ready")));
});

test("recording that could not be put together says why in plain words", () => {
  for (const problem of ["nothing", "unreadable", "broken"]) {
    const words = stateWords(view("failed", { problem }), CHICAGO);
    assert.match(words, /cannot be played/);
    assert.ok(words.includes(whyWords(problem)) && whyWords(problem));
  }
});
