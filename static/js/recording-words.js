/** What people read and hear of a recording, made from the snapshot. Pure: no page, no timers. */

import { timeOfDay } from "./clock.js";

/** @typedef {import("./types.js").RecordingView} RecordingView */
/** @typedef {import("./types.js").Answer} Answer */

/**
 * @typedef {Object} Place where a time of day is to be understood
 * @property {string} zone "America/Chicago"
 * @property {string} zoneName "Chicago time (CST)"
 * @property {string} [locale]
 */

/** @typedef {{tone: "on"|"off"|"ask", icon: string, first: string, then: string}} Pill */
/** @typedef {{words: string, how: "polite"|"assertive", icon: string, stays?: boolean}} News */

const ASKING = new Set(["requested", "waiting"]);
const ACTIVE = new Set(["requested", "waiting", "recording", "paused"]);

/** @param {RecordingView} recording whether something is being recorded, or is about to be */
export function isActive(recording) {
  return ACTIVE.has(recording.state);
}

/** @param {RecordingView} recording nobody was recorded yet: there are not enough answers */
export function isAsking(recording) {
  return ASKING.has(recording.state);
}

/** @param {RecordingView} recording it was taken back, or failed, before anything was recorded */
function isUnbegun({ state, since }) {
  return since === null && (state === "finishing" || state === "failed" || state === "ready");
}

/** @param {RecordingView} recording */
export function agreedWords({ agreed, of }) {
  return agreed === of ? "all agreed" : `${agreed} of ${of} agreed`;
}

/**
 * The sign beside the clock. It is red, and says that something is recorded, only while bytes reach the disk.
 * A page that has heard nothing for a while does not know, and says so (`deaf`).
 * @param {RecordingView & {deaf?: boolean}} recording
 * @param {"practitioner"|"patient"} who
 * @returns {Pill|null}
 */
export function pill(recording, who) {
  if (recording.deaf && isActive(recording)) return { tone: "off", icon: "warning", first: "Recording", then: "not known" };
  if (recording.on) {
    const then = recording.agreed === recording.of && who === "patient" ? "" : agreedWords(recording);
    return { tone: "on", icon: "circle", first: "Recording", then };
  }
  if (recording.asked) return { tone: "ask", icon: "record", first: "Recording?", then: "Answer" };
  const [icon, then] = isUnbegun(recording) ? OFF.none : OFF[recording.state];
  return then ? { tone: "off", icon, first: "Recording", then } : null;
}

/** @type {Record<RecordingView["state"], [string, string]>} */
const OFF = {
  none: ["", ""],
  requested: ["hourglass", "waiting"],
  waiting: ["hourglass", "waiting"],
  recording: ["pause", "paused"],
  paused: ["pause", "paused"],
  finishing: ["hourglass", "being saved"],
  ready: ["check-circle", "saved"],
  failed: ["warning", "stopped"],
  erased: ["info", "erased"],
};

/** The one word under the doctor's control. @param {RecordingView} recording */
export function controlWord(recording) {
  if (recording.on) return "on";
  if (isAsking(recording)) return "waiting";
  if (isActive(recording)) return "paused";
  if (recording.state === "finishing") return "saving";
  return recording.may_start ? "off" : "not now";
}

/** Why the recording does not run, for who can do something about it; empty where the code says nothing to people. */
const WHY = {
  consent: "It goes on when you and one other person agree.",
  lapsed: "It goes on by itself when the clinic's server is back.",
  lost: "It goes on by itself when the clinic's server is back.",
  full: "The clinic's disk is nearly full.",
  failing: "The clinic's disk does not take it.",
  unavailable: "Recording is not set up on the clinic's server.",
  silent: "It goes on when somebody who agreed sends picture or sound.",
  keys: "For somebody who agreed no key can be made yet, so they are not recorded.",
  cap: "It has reached the longest time or size that the clinic allows.",
  nothing: "No part of it reached the disk.",
  unreadable: "What was written cannot be opened. Ask who runs the clinic's server.",
  broken: "It could not be put together. What was written is kept; ask who runs the clinic's server.",
};

/** What kept an ended recording from being put together. */
const ASSEMBLY = new Set(["nothing", "unreadable", "broken"]);

/** A pause that people make themselves is no loss. @param {string|null} problem */
function isLoss(problem) {
  return problem !== null && problem !== "consent" && problem !== "silent";
}

/** @param {string|null} problem */
export function whyWords(problem) {
  return WHY[/** @type {keyof typeof WHY} */ (problem)] ?? "";
}

/**
 * `record.failed`: what is safe, with the time and its zone.
 * @param {RecordingView} recording @param {Place} place
 */
export function stoppedWords({ until }, { zone, zoneName, locale }) {
  const safe = until ? `What was recorded until ${timeOfDay(until, locale, zone)}, ${zoneName}, is safe.` : "Nothing was recorded yet.";
  return `The recording stopped. ${safe} The visit goes on.`;
}

/**
 * One sentence on how things stand, for the dialog and the doctor's card.
 * @param {RecordingView} recording @param {Place} place
 */
export function stateWords(recording, place) {
  const { state, on, agreed, of, problem } = recording;
  const count = agreed === of ? "All have agreed." : `${agreed} of ${of} have agreed; the others are not recorded.`;
  if (on) return join("This visit is being recorded.", count, whyWords(problem));
  if (isAsking(recording)) {
    if (isLoss(problem)) return join("The recording cannot begin yet.", whyWords(problem));
    return problem ? `Waiting for consent: ${agreed} of ${of} agreed.` : join(count, "The recording begins in a moment.");
  }
  if (isActive(recording)) {
    return isLoss(problem) ? join(stoppedWords(recording, place), whyWords(problem)) : join("The recording is paused.", whyWords(problem));
  }
  if (isUnbegun(recording)) return "Nothing is recorded.";
  switch (state) {
    case "finishing":
      return "The recording has ended and is being saved.";
    case "ready":
      return join("The recording has ended and is saved.", recording.plays?.length ? "You can play it after the visit." : "");
    case "failed":
      return ASSEMBLY.has(problem ?? "") ? join("The recording cannot be played.", whyWords(problem)) : stoppedWords(recording, place);
    case "erased":
      return "The recording is erased.";
    default:
      return recording.may_start || !problem ? "This visit is not recorded." : join("This visit is not recorded.", whyWords(problem));
  }
}

/**
 * What is said when one snapshot follows another; nothing is said twice, and a reload tells only that a recording runs.
 * @param {RecordingView|null} before
 * @param {RecordingView} after
 * @param {Place} place
 * @returns {News|null}
 */
export function news(before, after, place) {
  if (!before) return after.on ? { words: stateWords(after, place), how: "polite", icon: "record" } : null;
  if (after.on) return before.on ? agreement(before, after) : begun(before, after);
  if (before.on) return ended(after, place);
  if (before.state === after.state && before.problem === after.problem) return null;
  return quietly(before, after, place);
}

/** @param {RecordingView} before @param {RecordingView} after @returns {News} */
function begun(before, after) {
  const words = before.state === "paused" || before.state === "recording" ? "The recording goes on." : "The recording has begun.";
  return { words: `${words} ${sentence(agreedWords(after))}`, how: "polite", icon: "record" };
}

/** @param {RecordingView} before @param {RecordingView} after @returns {News|null} */
function agreement(before, after) {
  if (before.agreed === after.agreed && before.of === after.of) return null;
  return { words: `Recording: ${agreedWords(after)}.`, how: "polite", icon: "record" };
}

/** @param {RecordingView} after @param {Place} place @returns {News} */
function ended(after, place) {
  if (after.state === "failed" || (isActive(after) && isLoss(after.problem))) return { words: stoppedWords(after, place), how: "assertive", icon: "warning", stays: true };
  if (isActive(after)) return { words: join("The recording is paused.", whyWords(after.problem)), how: "polite", icon: "pause" };
  if (after.state === "erased") return { words: "The recording is erased.", how: "polite", icon: "info" };
  return { words: join("The recording has ended.", after.problem === "cap" ? WHY.cap : ""), how: "polite", icon: "info" };
}

/** Changes while nothing is recorded. @param {RecordingView} before @param {RecordingView} after @param {Place} place @returns {News|null} */
function quietly(before, after, place) {
  if (isActive(after) && isLoss(after.problem) && after.problem !== before.problem) {
    return { words: stateWords(after, place), how: "assertive", icon: "warning", stays: true };
  }
  if (before.state === after.state) return null;
  if (isAsking(before) && (after.state === "none" || isUnbegun(after))) {
    return { words: "Nobody is asked to be recorded any more.", how: "polite", icon: "info" };
  }
  if (after.state === "none" || isActive(after) || isUnbegun(after)) return null;
  if (after.state === "failed") return { words: stateWords(after, place), how: "assertive", icon: "warning", stays: true };
  return { words: stateWords(after, place), how: "polite", icon: "info" };
}

/** @type {Record<Answer, string>} */
export const ANSWERS = { unasked: "not answered yet", permit: "agreed", deny: "said no" };

/** @param {string} words */
function sentence(words) {
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}

/** @param {...string} parts */
function join(...parts) {
  return parts.filter(Boolean).join(" ");
}
