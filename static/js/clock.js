/** The server's clock as seen from here, and the words for times. No timers, no page. */

import { interpolate, language, ngettext } from "./words.js";

/** @typedef {"second"|"minute"|"hour"|"day"} Unit */

export class ServerClock {
  /** @param {() => number} [now] milliseconds */
  constructor(now = Date.now) {
    this.now_ = now;
    this.offset = 0;
  }

  /**
   * The server's word is late by half a round trip at most; good enough for minutes.
   * @param {string} serverTime ISO instant
   */
  set(serverTime) {
    const instant = Date.parse(serverTime);
    if (Number.isFinite(instant)) this.offset = instant - this.now_();
  }

  now() {
    return this.now_() + this.offset;
  }

  /** @param {string} instant ISO @returns {number} milliseconds until then, negative when past */
  until(instant) {
    return Date.parse(instant) - this.now();
  }
}

/**
 * Time in the visit: "04:12", "1:02:09".
 * @param {number} milliseconds
 */
export function stopwatch(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/**
 * "3 days", "1 hour 42 minutes", "12 minutes", "40 seconds": rounded up, as a person says it.
 * @param {number} milliseconds
 */
export function countdownWords(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds < 60) return plural(seconds, "second");
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return plural(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return plural(Math.ceil(minutes / 1_440), "day");
  return minutes % 60 ? `${plural(hours, "hour")} ${plural(minutes % 60, "minute")}` : plural(hours, "hour");
}

/** Each in the reader's language, with the number in its place. @type {Record<Unit, (n: number) => string>} */
const UNITS = {
  second: (n) => ngettext("%(count)s second", "%(count)s seconds", n),
  minute: (n) => ngettext("%(count)s minute", "%(count)s minutes", n),
  hour: (n) => ngettext("%(count)s hour", "%(count)s hours", n),
  day: (n) => ngettext("%(count)s day", "%(count)s days", n),
};

/** @param {number} n @param {Unit} unit */
export function plural(n, unit) {
  return interpolate(UNITS[unit](n), { count: n });
}

/**
 * "1st", "2nd", "3rd", "11th".
 * @param {number} n
 */
export function ordinal(n) {
  if (language() !== "en") return `${n}.º`;
  const tens = n % 100;
  if (tens >= 11 && tens <= 13) return `${n}th`;
  return `${n}${["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
}

/**
 * The hour and minute of an instant in the reader's own way of writing.
 * @param {string} instant
 * @param {string} [locale]
 * @param {string} [zone] the device's own where none is named
 */
export function timeOfDay(instant, locale = document.documentElement.lang || undefined, zone = undefined) {
  // As the pages of the server write it: in Spanish too by twelve hours.
  const written = new Intl.DateTimeFormat(locale === "es" ? "es-US" : locale, { hour: "numeric", minute: "2-digit", timeZone: zone }).format(new Date(instant));
  return written.replace(/\s?([AP])M$/i, (_, letter) => ` ${letter.toLowerCase()}m`);
}
