/** The list of the page: every visit as a row, put in its place when it comes or changes. The grid is drawn from it. */

import { goneOf, visitOf } from "./calendar-model.js";
import { need } from "./dom.js";
import { interpolate, ngettext } from "./words.js";

/** @typedef {import("./calendar-model.js").Visit} Visit */

export class List {
  #root;
  /** @type {Map<string, {row: HTMLElement, visit: Visit}>} */
  #held = new Map();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    for (const row of root.querySelectorAll("[data-visit]")) this.#hold(/** @type {HTMLElement} */ (row));
  }

  /** @returns {Visit[]} */
  get visits() {
    return [...this.#held.values()].map(({ visit }) => visit);
  }

  /** @param {string} id */
  visit(id) {
    return this.#held.get(id)?.visit;
  }

  /** The state's tag, to be drawn again elsewhere. @param {string} id */
  tag(id) {
    return this.#held.get(id)?.row.querySelector(".hc-tag") ?? null;
  }

  /** The address of the visit's form; empty for a time that is only held. @param {string} id */
  address(id) {
    return this.#held.get(id)?.row.querySelector("a")?.getAttribute("href") ?? "";
  }

  /** @param {string} id @returns {boolean} */
  focus(id) {
    const link = this.#held.get(id)?.row.querySelector("a");
    link?.focus();
    return Boolean(link?.checkVisibility());
  }

  /** @returns {string} */
  focused() {
    const row = document.activeElement?.closest("[data-visit]");
    return row instanceof HTMLElement && this.#root.contains(row) ? (row.dataset.visit ?? "") : "";
  }

  /**
   * Takes an answer of the feed in.
   * @param {string[]} rows as HTML
   * @param {{whole: boolean, visits: Set<string>, people: Set<string>}} asked
   * @returns {{changed: Visit[], gone: string[]}}
   */
  take(rows, asked) {
    const focused = this.focused();
    const changed = [];
    const answered = new Set();
    for (const html of rows) {
      const row = parsed(html);
      const id = row.dataset.visit ?? "";
      answered.add(id);
      const held = this.#held.get(id);
      if (held && held.row.outerHTML === row.outerHTML) continue;
      held?.row.remove();
      const visit = this.#hold(row);
      if (this.#insert(row, visit)) changed.push(visit);
    }
    const gone = goneOf(this.visits, answered, asked);
    for (const id of gone) this.#drop(id);
    if (focused && this.focused() !== focused) this.focus(focused);
    this.#count();
    return { changed, gone };
  }

  /** @param {Record<string, string>} late by practitioner */
  sayLate(late) {
    for (const [id, words] of Object.entries(late)) {
      const place = this.#root.querySelector(`section[data-person="${CSS.escape(id)}"] [data-late]`);
      const said = words ? `, ${words}` : "";
      if (place && place.textContent !== said) place.textContent = said;
    }
  }

  /** @param {HTMLElement} row @returns {Visit} */
  #hold(row) {
    const visit = visitOf(row, need(row, ".hc-cal-who").textContent ?? "");
    this.#held.set(visit.id, { row, visit });
    return visit;
  }

  /** @param {string} id */
  #drop(id) {
    this.#held.get(id)?.row.remove();
    this.#held.delete(id);
  }

  /** @param {HTMLElement} row @param {Visit} visit @returns {boolean} whether the page has a place for it */
  #insert(row, visit) {
    const day = visit.starts.slice(0, 10);
    const place = this.#root.querySelector(`section[data-person="${CSS.escape(visit.person)}"][data-day="${day}"] ul`);
    if (!place) {
      this.#held.delete(visit.id);
      return false;
    }
    const next = [...place.children].find((other) => other instanceof HTMLElement && (other.dataset.starts ?? "") > visit.starts);
    place.insertBefore(row, next ?? null);
    return true;
  }

  #count() {
    for (const section of this.#root.querySelectorAll("section[data-person]")) {
      const count = section.querySelectorAll("li").length;
      const words = interpolate(ngettext("%(number)s visit", "%(number)s visits", count), { number: count });
      const place = need(section, "[data-count]");
      if (place.textContent !== words) place.textContent = words;
      need(section, "[data-none]").hidden = count > 0;
    }
  }
}

/** @param {string} html of one row, made by our own templates @returns {HTMLElement} */
function parsed(html) {
  const place = document.createElement("template");
  place.innerHTML = html.trim();
  return /** @type {HTMLElement} */ (document.importNode(place.content, true).firstElementChild);
}
