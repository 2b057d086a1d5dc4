/** The patient's place in line: the words, the row of doors, the wait, and the call for attention when it is nearly their turn. */

import { ordinal } from "./clock.js";
import { make, need, say } from "./dom.js";
import { WaitRange } from "./wait-range.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").VisitView} VisitView */

export class WaitingLine {
  #section;
  #page;
  #range;
  #position = -1;
  #shown = "";

  /**
   * @param {HTMLElement} section
   * @param {{title: (words: string) => void, say: (words: string) => void, next: () => void}} page sets its title,
   *   speaks, and calls for attention when it is nearly their turn
   */
  constructor(section, page) {
    this.#section = section;
    this.#page = page;
    this.#range = new WaitRange(section);
  }

  /** Out of the waiting room: whoever comes back is told their place anew. */
  reset() {
    this.#position = -1;
    this.#shown = "";
  }

  /** @param {VisitView} visit */
  show({ line: { position, waiting, now }, wait, status, practitioner }) {
    showHeld(this.#section, status === "onleave");
    if (status === "onleave") {
      this.#shown = "";
      say(need(this.#section, "[data-heading]"), interpolate(gettext("%(doctor)s comes back to you"), { doctor: practitioner.short_name }));
      this.#page.title(gettext("Your visit is on hold"));
      return;
    }
    const words = wait ? this.#range.show(wait) : "";
    const key = `${position}/${waiting}/${now}`;
    if (!position || key === this.#shown) return;
    this.#shown = key;
    const place = ordinal(position);
    say(need(this.#section, "[data-heading]"), position === 1 ? gettext("You are next") : interpolate(gettext("You are %(place)s in line"), { place }));
    need(this.#section, "[data-next]").hidden = position !== 1;
    need(this.#section, "[data-in-line]").hidden = position === 1;
    need(this.#section, "[data-doors]").replaceChildren(...doors(position, waiting, now));
    if (position !== this.#position) this.#moved(position, words);
    this.#position = position;
  }

  /** Said aloud once for each place, not each minute. @param {number} position @param {string} wait */
  #moved(position, wait) {
    const next = position === 1;
    const place = interpolate(gettext("You are %(place)s in line."), { place: ordinal(position) });
    const long = interpolate(gettext("Your wait from now is %(wait)s."), { wait });
    const both = wait ? `${place} ${long}` : place;
    this.#page.say(next ? gettext("You are next. Please stay by your phone; the picture opens by itself.") : both);
    this.#page.title(next ? gettext("You are next") : gettext("In the waiting room"));
    if (!next || this.#position < 0) return;
    this.#page.next();
  }
}

/**
 * What is true only while the visit is on hold, and what only while it is not.
 * @param {HTMLElement} section
 * @param {boolean} held
 */
export function showHeld(section, held) {
  for (const each of section.querySelectorAll("[data-held], [data-unheld]")) {
    if (each instanceof HTMLElement) each.hidden = held !== (each.dataset.held !== undefined);
  }
}

/**
 * The line as a row of doors: who is with the doctor, who stands before you, you, one behind you.
 * @param {number} position
 * @param {number} waiting
 * @param {boolean} now
 */
function doors(position, waiting, now) {
  const first = Math.max(1, position - 3);
  const last = Math.min(waiting, position + 1);
  const list = now ? [make("li", { class: "hc-door hc-door-now" }, gettext("Now"))] : [];
  for (let place = first; place <= last; place += 1) {
    const you = place === position;
    list.push(make("li", { class: `hc-door${you ? " hc-door-you" : ""}` }, you ? gettext("You") : ordinal(place)));
  }
  return list;
}
