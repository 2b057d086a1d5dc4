/**
 * The calendar's visits as plain values: read from the rows of the list, moved by a drag, ordered for the arrow keys.
 * Wall-clock times ("2026-11-24T10:10") are the clinic's. No page and no timers here.
 */

import { gettext, interpolate, language } from "./words.js";

/**
 * @typedef {Object} Visit
 * @property {string} id
 * @property {string} person id of the practitioner
 * @property {string} state
 * @property {string} word the state in words, with its minutes
 * @property {string} name
 * @property {string} starts
 * @property {string} ends
 * @property {number} sequence
 * @property {boolean} movable
 *
 * @typedef {{days?: number, seconds?: number, months?: number, years?: number}} Delta
 */

const MINUTE = 60_000;
/** Shorter ones are drawn in one line. */
const TWO_LINES = 30;
const TWO_SMALL_LINES = 15;

/**
 * @param {{dataset: DOMStringMap}} row
 * @param {string} name
 * @returns {Visit}
 */
export function visitOf({ dataset }, name) {
  return {
    id: dataset.visit ?? "",
    person: dataset.person ?? "",
    state: dataset.state ?? "",
    word: dataset.word ?? "",
    name,
    starts: dataset.starts ?? "",
    ends: dataset.ends ?? "",
    sequence: Number(dataset.sequence ?? 0),
    movable: dataset.movable !== undefined,
  };
}

/** Cancelled visits stay in the list; in the grid their time is free again. @param {Visit} visit */
export function isDrawn(visit) {
  return visit.state !== "cancelled";
}

/** @param {string} wall @returns {number} minutes on a clock that never changes */
function minutesOf(wall) {
  return Date.parse(`${wall}Z`) / MINUTE;
}

/**
 * @param {string} wall
 * @param {Delta} delta as the grid gives it
 */
export function shifted(wall, { days = 0, seconds = 0 }) {
  const moved = minutesOf(wall) + days * 1_440 + seconds / 60;
  return new Date(moved * MINUTE).toISOString().slice(0, 16);
}

/** @param {string} starts @param {string} ends */
export function minutesBetween(starts, ends) {
  return Math.round(minutesOf(ends) - minutesOf(starts));
}

/** "1:40 pm" @param {string} wall */
export function spokenTime(wall) {
  const hours = Number(wall.slice(11, 13));
  return `${hours % 12 || 12}:${wall.slice(14, 16)} ${hours < 12 ? gettext("am") : gettext("pm")}`;
}

/**
 * What a screen reader is told of a visit in the grid.
 * @param {Visit} visit
 * @param {string} person
 */
export function spokenVisit(visit, person) {
  const free = visit.movable ? "" : `, ${gettext("cannot be moved")}`;
  const values = { name: visit.name, starts: spokenTime(visit.starts), ends: spokenTime(visit.ends), person, state: visit.word };
  return interpolate(gettext("%(name)s, %(starts)s to %(ends)s, %(person)s, %(state)s"), values) + free;
}

/** @param {Visit} visit */
export function eventOf(visit) {
  const minutes = minutesBetween(visit.starts, visit.ends);
  const low = minutes < TWO_LINES ? (minutes < TWO_SMALL_LINES ? ["hc-ev-low", "hc-ev-lowest"] : ["hc-ev-low"]) : [];
  return {
    id: visit.id,
    start: visit.starts,
    end: visit.ends,
    resourceIds: [visit.person],
    title: visit.name,
    startEditable: visit.movable,
    durationEditable: visit.movable,
    classNames: ["hc-ev", `hc-ev-${visit.state}`, ...low],
    extendedProps: { visit },
  };
}

/**
 * @param {{person: string, start: string, end: string, label: string}} pause
 * @param {number} number
 */
export function pauseEvent(pause, number) {
  return {
    id: `pause-${number}`,
    start: pause.start,
    end: pause.end,
    resourceIds: [pause.person],
    title: pause.label,
    display: "background",
    classNames: ["hc-ev-pause"],
    extendedProps: {},
  };
}

/**
 * Where an arrow key goes: up and down within a column, left and right to the visit nearest in time of the next column
 * that has one.
 * @param {Visit[]} visits
 * @param {string} from id of a visit
 * @param {string} key
 * @param {(visit: Visit) => string} columnOf
 * @param {string[]} columns from left to right
 * @returns {string} id, or "" to stay
 */
export function neighbour(visits, from, key, columnOf, columns) {
  const here = visits.find((visit) => visit.id === from);
  if (!here) return visits[0]?.id ?? "";
  const inColumn = (/** @type {string} */ column) => visits.filter((visit) => columnOf(visit) === column).sort(byTime);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const column = inColumn(columnOf(here));
    const at = column.findIndex((visit) => visit.id === from);
    return column[at + (key === "ArrowDown" ? 1 : -1)]?.id ?? "";
  }
  const step = key === "ArrowRight" ? 1 : -1;
  const time = (/** @type {Visit} */ visit) => minutesOf(`2000-01-01${visit.starts.slice(10)}`);
  for (let at = columns.indexOf(columnOf(here)) + step; at >= 0 && at < columns.length; at += step) {
    const near = inColumn(columns[at]).sort((a, b) => Math.abs(time(a) - time(here)) - Math.abs(time(b) - time(here)));
    if (near.length) return near[0].id;
  }
  return "";
}

/** @param {Visit} a @param {Visit} b */
export function byTime(a, b) {
  return a.starts < b.starts ? -1 : a.starts > b.starts ? 1 : a.id < b.id ? -1 : 1;
}

/**
 * Which of the visits that are shown are no longer there, by an answer that had these.
 * @param {Iterable<Visit>} shown
 * @param {Set<string>} answered ids in the answer
 * @param {{whole: boolean, visits: Set<string>, people: Set<string>}} asked
 * @returns {string[]}
 */
export function goneOf(shown, answered, asked) {
  const gone = [];
  for (const visit of shown) {
    const meant = asked.whole || asked.visits.has(visit.id) || asked.people.has(visit.person);
    if (meant && !answered.has(visit.id)) gone.push(visit.id);
  }
  return gone;
}

/**
 * The wall-clock time of an instant in a zone.
 * @param {number} instant
 * @param {string} zone
 */
export function wallIn(instant, zone) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(new Date(instant));
  const of = (/** @type {string} */ type) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

/** "Berlin time" @param {string} zone */
export function zoneWords(zone) {
  return interpolate(gettext("%(city)s time"), { city: zone.split("/").pop()?.replaceAll("_", " ") ?? "" });
}

/**
 * The same moment on the reader's own clock; empty where that shows what the clinic's does.
 * @param {number} instant
 * @param {string} clinic
 * @param {string} own
 */
export function ownTime(instant, clinic, own) {
  const [there, here] = [wallIn(instant, clinic), wallIn(instant, own)];
  if (there === here) return "";
  const day = there.slice(0, 10) === here.slice(0, 10) ? "" : `, ${new Date(`${here}Z`).toLocaleDateString(language(), { weekday: "long", timeZone: "UTC" })}`;
  return `${spokenTime(here)}${day}, ${zoneWords(own)}`;
}
