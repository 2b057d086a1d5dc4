/** The wait as a range: its words, its scale, and what is said when nobody can tell. The server reckons it anew; nothing counts down here. */

import { need, say } from "./dom.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {NonNullable<import("./types.js").VisitView["wait"]>} Wait */

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/**
 * "less than 5 minutes", "about 5 to 12 minutes", "about 50 minutes to 1 hour 15 minutes".
 * @param {number} low seconds
 * @param {number} high seconds
 */
export function rangeWords(low, high) {
  if (!low) return interpolate(gettext("less than %(length)s"), { length: lengthWords(high) });
  const from = high < HOUR ? low / MINUTE : lengthWords(low);
  return interpolate(gettext("about %(from)s to %(to)s"), { from, to: lengthWords(high) });
}

/** @param {number} seconds whole minutes */
function lengthWords(seconds) {
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.round((seconds % HOUR) / MINUTE);
  const words = [
    hours && interpolate(ngettext("%(count)s hour", "%(count)s hours", hours), { count: hours }),
    minutes && interpolate(ngettext("%(count)s minute", "%(count)s minutes", minutes), { count: minutes }),
  ];
  return words.filter(Boolean).join(" ");
}

/**
 * The minutes at the four marks of a scale that holds the range: 0, 10, 20, 30, and further when it must.
 * @param {number} high seconds
 */
export function marks(high) {
  const step = Math.max(1, Math.ceil(high / (30 * MINUTE))) * 10;
  return [0, step, 2 * step, 3 * step];
}

export class WaitRange {
  #card;

  /** @param {HTMLElement} card */
  constructor(card) {
    this.#card = card;
  }

  /** @param {Wait} wait @returns {string} the range in words, empty when nobody can tell */
  show({ low_s: low, high_s: high, standing, late_minutes: late }) {
    const known = low !== null && high !== null;
    const words = known ? rangeWords(low, high) : "";
    need(this.#card, "[data-wait]").hidden = !known;
    if (known) {
      say(need(this.#card, "[data-wait-words]"), words);
      this.#draw(low, high);
    }
    for (const each of this.#card.querySelectorAll("[data-standing]")) {
      if (each instanceof HTMLElement) each.hidden = each.dataset.standing !== standing;
    }
    need(this.#card, "[data-late]").hidden = !late;
    say(need(this.#card, "[data-late-minutes]"), String(late));
    return words;
  }

  /** @param {number} low @param {number} high */
  #draw(low, high) {
    const minutes = marks(high);
    const whole = minutes[3] * MINUTE;
    const bar = need(this.#card, "[data-scale-range]");
    bar.style.setProperty("--from", `${(100 * low) / whole}%`);
    bar.style.setProperty("--wide", `${(100 * (high - low)) / whole}%`);
    [...need(this.#card, "[data-scale-marks]").children].forEach((mark, place) => say(mark, place ? `${minutes[place]} min` : gettext("now")));
  }
}
