/** Which step of the visit page is seen: one document, so that the camera stays on; history, title and focus follow. */

import { need } from "./dom.js";

/** @typedef {"early"|"door"|"check"|"trouble"|"consent"|"place"|"waiting"|"call"|"left"|"ended"|"cancelled"|"late"|"other-tab"} Step */

/** Steps that the server remembers: a reload finds them without help from the address. */
const KEPT = new Set(["early", "door", "waiting", "call", "left", "ended", "cancelled", "late", "other-tab", "trouble"]);

export class Steps {
  #sections = new Map(
    [...document.querySelectorAll("[data-step]")].map((each) => [/** @type {HTMLElement} */ (each).dataset.step, /** @type {HTMLElement} */ (each)]),
  );
  #clinic;
  #onBack;
  /** @type {Step} */
  current;

  /**
   * @param {Step} first what the server has shown
   * @param {string} clinic
   * @param {(step: Step) => Step} onBack the step to show when the person goes back to `step`
   */
  constructor(first, clinic, onBack) {
    this.current = first;
    this.#clinic = clinic;
    this.#onBack = onBack;
    history.replaceState({ step: first }, "");
    addEventListener("popstate", (event) => this.#back(event.state?.step));
    document.documentElement.dataset.visitState = first;
    this.title(this.section(first).dataset.title ?? "");
  }

  /** @param {Step} step */
  section(step) {
    const section = this.#sections.get(step);
    if (!section) throw new Error(`the page has no step ${step}`);
    return section;
  }

  /**
   * @param {Step} step
   * @param {{push?: boolean, focus?: boolean}} [how]
   */
  show(step, { push = true, focus = true } = {}) {
    if (step === this.current) return;
    const address = KEPT.has(step) ? location.pathname : `?step=${step}`;
    if (push) history.pushState({ step }, "", address);
    else history.replaceState({ step }, "", address);
    this.#reveal(step, focus);
  }

  /** @param {Step} step @param {boolean} focus */
  #reveal(step, focus) {
    for (const [name, section] of this.#sections) section.hidden = name !== step;
    this.current = step;
    document.documentElement.dataset.visitState = step;
    this.title(this.section(step).dataset.title ?? "");
    scrollTo(0, 0);
    if (focus) need(this.section(step), "[data-heading]").focus({ preventScroll: true });
  }

  /** Never a name or a reason: titles stand in histories and on shared screens. @param {string} words */
  title(words) {
    document.title = words ? `${words}, ${this.#clinic}` : this.#clinic;
  }

  /** @param {Step|undefined} wanted */
  #back(wanted) {
    const step = this.#onBack(wanted ?? "door");
    if (step === this.current) {
      history.pushState({ step }, "", KEPT.has(step) ? location.pathname : `?step=${step}`);
      return;
    }
    this.#reveal(step, true);
  }
}
