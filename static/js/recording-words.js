/** What people read and hear of a recording, made from the snapshot. Pure: no page, no timers. */

import { timeOfDay } from "./clock.js";
import { gettext, interpolate, pgettext } from "./words.js";

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
  return agreed === of ? gettext("all agreed") : interpolate(gettext("%(agreed)s of %(of)s agreed"), { agreed, of });
}

/**
 * The sign beside the clock. It is red, and says that something is recorded, only while bytes reach the disk.
 * A page that has heard nothing for a while does not know, and says so (`deaf`).
 * @param {RecordingView & {deaf?: boolean}} recording
 * @param {"practitioner"|"patient"} who
 * @returns {Pill|null}
 */
export function pill(recording, who) {
  if (recording.deaf && isActive(recording)) return { tone: "off", icon: "warning", first: RECORDING, then: pgettext("a recording", "not known") };
  if (recording.on) {
    const then = recording.agreed === recording.of && who === "patient" ? "" : agreedWords(recording);
    return { tone: "on", icon: "circle", first: RECORDING, then };
  }
  if (recording.asked) return { tone: "ask", icon: "record", first: gettext("Recording?"), then: pgettext("verb", "Answer") };
  const [icon, then] = isUnbegun(recording) ? OFF.none : OFF[recording.state];
  return then ? { tone: "off", icon, first: RECORDING, then } : null;
}

const RECORDING = pgettext("what goes on", "Recording");

/** @type {Record<RecordingView["state"], [string, string]>} */
const OFF = {
  none: ["", ""],
  requested: ["hourglass", pgettext("a recording", "waiting")],
  waiting: ["hourglass", pgettext("a recording", "waiting")],
  recording: ["pause", pgettext("a recording", "paused")],
  paused: ["pause", pgettext("a recording", "paused")],
  finishing: ["hourglass", pgettext("a recording", "being saved")],
  ready: ["check-circle", pgettext("a recording", "saved")],
  failed: ["warning", pgettext("a recording", "stopped")],
  erased: ["info", pgettext("a recording", "erased")],
};

/** The one word under the doctor's control. @param {RecordingView} recording */
export function controlWord(recording) {
  if (recording.on) return pgettext("a recording", "on");
  if (isAsking(recording)) return pgettext("a recording", "waiting");
  if (isActive(recording)) return pgettext("a recording", "paused");
  if (recording.state === "finishing") return pgettext("a recording", "saving");
  return recording.may_start ? pgettext("a recording", "off") : pgettext("a recording", "not now");
}

/** Why the recording does not run, for who can do something about it; empty where the code says nothing to people. */
const WHY = {
  consent: gettext("It goes on when you and one other person agree."),
  lapsed: gettext("It goes on by itself when the clinic's server is back."),
  lost: gettext("It goes on by itself when the clinic's server is back."),
  full: gettext("The clinic's disk is nearly full."),
  failing: gettext("The clinic's disk does not take it."),
  unavailable: gettext("Recording is not set up on the clinic's server."),
  silent: gettext("It goes on when somebody who agreed sends picture or sound."),
  keys: gettext("For somebody who agreed no key can be made yet, so they are not recorded."),
  cap: gettext("It has reached the longest time or size that the clinic allows."),
  nothing: gettext("No part of it reached the disk."),
  unreadable: gettext("What was written cannot be opened. Ask who runs the clinic's server."),
  broken: gettext("It could not be put together. What was written is kept; ask who runs the clinic's server."),
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
  const safe = until
    ? interpolate(gettext("What was recorded until %(time)s, %(zone)s, is safe."), { time: timeOfDay(until, locale, zone), zone: zoneName })
    : gettext("Nothing was recorded yet.");
  return join(gettext("The recording stopped."), safe, gettext("The visit goes on."));
}

/**
 * One sentence on how things stand, for the dialog and the doctor's card.
 * @param {RecordingView} recording @param {Place} place
 */
export function stateWords(recording, place) {
  const { state, on, agreed, of, problem } = recording;
  const count = agreed === of ? gettext("All have agreed.") : interpolate(gettext("%(agreed)s of %(of)s have agreed; the others are not recorded."), { agreed, of });
  if (on) return join(gettext("This visit is being recorded."), count, whyWords(problem));
  if (isAsking(recording)) {
    if (isLoss(problem)) return join(gettext("The recording cannot begin yet."), whyWords(problem));
    if (!problem) return join(count, gettext("The recording begins in a moment."));
    return interpolate(gettext("Waiting for consent: %(agreed)s of %(of)s agreed."), { agreed, of });
  }
  if (isActive(recording)) {
    return isLoss(problem) ? join(stoppedWords(recording, place), whyWords(problem)) : join(gettext("The recording is paused."), whyWords(problem));
  }
  if (isUnbegun(recording)) return gettext("Nothing is recorded.");
  switch (state) {
    case "finishing":
      return gettext("The recording has ended and is being saved.");
    case "ready":
      return join(gettext("The recording has ended and is saved."), recording.plays?.length ? gettext("You can play it after the visit.") : "");
    case "failed":
      return ASSEMBLY.has(problem ?? "") ? join(gettext("The recording cannot be played."), whyWords(problem)) : stoppedWords(recording, place);
    case "erased":
      return gettext("The recording is erased.");
    default:
      return recording.may_start || !problem ? gettext("This visit is not recorded.") : join(gettext("This visit is not recorded."), whyWords(problem));
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
  const words = before.state === "paused" || before.state === "recording" ? gettext("The recording goes on.") : gettext("The recording has begun.");
  return { words: `${words} ${sentence(agreedWords(after))}`, how: "polite", icon: "record" };
}

/** @param {RecordingView} before @param {RecordingView} after @returns {News|null} */
function agreement(before, after) {
  if (before.agreed === after.agreed && before.of === after.of) return null;
  return { words: interpolate(gettext("Recording: %(who)s."), { who: agreedWords(after) }), how: "polite", icon: "record" };
}

/** @param {RecordingView} after @param {Place} place @returns {News} */
function ended(after, place) {
  if (after.state === "failed" || (isActive(after) && isLoss(after.problem))) return { words: stoppedWords(after, place), how: "assertive", icon: "warning", stays: true };
  if (isActive(after)) return { words: join(gettext("The recording is paused."), whyWords(after.problem)), how: "polite", icon: "pause" };
  if (after.state === "erased") return { words: gettext("The recording is erased."), how: "polite", icon: "info" };
  return { words: join(gettext("The recording has ended."), after.problem === "cap" ? WHY.cap : ""), how: "polite", icon: "info" };
}

/** Changes while nothing is recorded. @param {RecordingView} before @param {RecordingView} after @param {Place} place @returns {News|null} */
function quietly(before, after, place) {
  if (isActive(after) && isLoss(after.problem) && after.problem !== before.problem) {
    return { words: stateWords(after, place), how: "assertive", icon: "warning", stays: true };
  }
  if (before.state === after.state) return null;
  if (isAsking(before) && (after.state === "none" || isUnbegun(after))) {
    return { words: gettext("Nobody is asked to be recorded any more."), how: "polite", icon: "info" };
  }
  if (after.state === "none" || isActive(after) || isUnbegun(after)) return null;
  if (after.state === "failed") return { words: stateWords(after, place), how: "assertive", icon: "warning", stays: true };
  return { words: stateWords(after, place), how: "polite", icon: "info" };
}

/** @type {Record<Answer, string>} */
export const ANSWERS = { unasked: gettext("not answered yet"), permit: pgettext("somebody", "agreed"), deny: pgettext("somebody", "said no") };

/** @param {string} words */
function sentence(words) {
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}

/** @param {...string} parts */
function join(...parts) {
  return parts.filter(Boolean).join(" ");
}
