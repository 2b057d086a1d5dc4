/** The side panel: the chosen visit with its Move form, or a time that was drawn and can be booked. */

import { followTimes } from "./calendar-form.js";
import { sayOwnTimes } from "./own-times.js";
import { spokenTime } from "./calendar-model.js";
import { icon, make, need } from "./dom.js";
import { busyButton, post } from "./forms.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {import("./forms.js").Answer} Answer */
/**
 * @typedef {Object} Handlers
 * @property {(id: string, answer: Answer) => void} onMoved
 * @property {(id: string) => void} onClosed
 */

const PATIENCE = 300;

export class Panel {
  #side;
  #place;
  #handlers;
  #shown = "";
  #asked = 0;

  /** @param {HTMLElement} side @param {Handlers} handlers */
  constructor(side, handlers) {
    this.#side = side;
    this.#place = need(side, "[data-panel]");
    this.#handlers = handlers;
    side.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("[data-panel-close]")) this.close();
    });
    side.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  /** @returns {string} id of the visit in the panel */
  get shown() {
    return this.#shown;
  }

  /**
   * @param {string} id
   * @param {string} address of the visit's Move form
   * @param {{focus?: boolean, problem?: string}} [how]
   */
  async open(id, address, { focus = true, problem = "" } = {}) {
    const turn = ++this.#asked;
    this.#side.setAttribute("aria-busy", "true");
    const waiting = setTimeout(() => this.#wait(turn), PATIENCE);
    const html = await this.#fetched(address);
    clearTimeout(waiting);
    if (turn !== this.#asked) return;
    this.#side.removeAttribute("aria-busy");
    if (html === null) {
      this.#place.replaceChildren(problemBox(gettext("We cannot show this visit just now. Check your connection, then try again.")));
      this.#side.classList.add("is-open");
      return;
    }
    const had = this.#side.contains(document.activeElement);
    // Our own page made it and it holds no script; scripts that are put in this way would not run either.
    this.#place.innerHTML = html;
    this.#shown = id;
    this.#side.classList.add("is-open");
    this.#wire(id);
    if (problem) this.say(problem);
    if (focus || had) this.#place.querySelector("h2")?.focus();
  }

  /** An empty panel says what it waits for; one that shows another visit keeps it meanwhile. @param {number} turn */
  #wait(turn) {
    if (turn !== this.#asked || this.#place.firstElementChild) return;
    this.#place.replaceChildren(make("p", { class: "hc-soft" }, gettext("Opening the visit …")));
    this.#side.classList.add("is-open");
  }

  /** @param {string} problem */
  say(problem) {
    this.#place.querySelector("[data-move-problem]")?.replaceChildren(problemBox(problem));
  }

  /**
   * @param {{starts: string, minutes: number, name: string, address: string}} drawn
   */
  offer({ starts, minutes, name, address }) {
    this.#asked += 1;
    this.#shown = "";
    const title = make("h2", { class: "hc-display", tabindex: "-1" }, gettext("Book this time?"));
    const length = interpolate(ngettext("%(count)s minute", "%(count)s minutes", minutes), { count: minutes });
    const words = `${spokenTime(starts)}, ${length}${name ? `, ${name}` : ""}`;
    const book = make("a", { class: "hc-btn hc-btn-main hc-btn-wide", href: address }, icon("plus"), gettext("Book this time"));
    const leave = make("button", { class: "hc-btn hc-btn-wide mt-2", type: "button", "data-panel-close": true }, gettext("Do not book"));
    this.#place.replaceChildren(make("div", { class: "hc-card hc-card-now hc-cal-panel" }, title, make("p", {}, words), book, leave));
    this.#side.classList.add("is-open");
    title.focus();
  }

  close() {
    if (!this.#place.firstElementChild) return;
    this.#asked += 1;
    const shown = this.#shown;
    this.#shown = "";
    this.#place.replaceChildren();
    this.#side.classList.remove("is-open");
    this.#handlers.onClosed(shown);
  }

  /** @param {string} address @returns {Promise<string|null>} */
  async #fetched(address) {
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      return response.ok ? (await response.json()).html : null;
    } catch {
      return null;
    }
  }

  /** @param {string} id */
  #wire(id) {
    sayOwnTimes(this.#place);
    const form = this.#place.querySelector("form[data-move]");
    if (!(form instanceof HTMLFormElement)) return;
    followTimes(form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.dataset.busy) return;
      form.dataset.busy = "yes";
      const release = busyButton(/** @type {HTMLButtonElement} */ (need(form, "[type=submit]")));
      const answer = await post(form.action, new FormData(form));
      release();
      delete form.dataset.busy;
      this.#handlers.onMoved(id, answer);
    });
  }
}

/** @param {string} words */
function problemBox(words) {
  return make("div", { class: "hc-box hc-box-error", role: "alert" }, icon("warning-circle", "fill"), make("div", {}, words));
}
