/** The row of call controls: one toolbar, arrows inside, Tab leaves; the words under each icon carry the state. */

import { need, say, swapIcon } from "./dom.js";
import { gettext, interpolate, pgettext } from "./words.js";

/** @typedef {"mic"|"camera"|"share"|"chat"|"more"|"leave"} Control those that every call has */

const DEVICE = {
  mic: { on: pgettext("microphone", "on"), off: pgettext("microphone", "off") },
  camera: { on: pgettext("camera", "on"), off: pgettext("camera", "off") },
};
const ICONS = {
  mic: { on: "microphone", off: "microphone-slash" },
  camera: { on: "video-camera", off: "video-camera-slash" },
};

export class Controls {
  #root;
  /** @type {HTMLButtonElement[]} */
  #buttons;

  /**
   * @param {HTMLElement} root
   * @param {Record<Control, () => void>} onPress
   */
  constructor(root, onPress) {
    this.#root = root;
    this.#buttons = [...root.querySelectorAll("button")];
    for (const button of this.#buttons) {
      const name = /** @type {Control} */ (button.dataset.control);
      button.addEventListener("click", () => onPress[name]?.());
      button.addEventListener("focus", () => this.#rove(button));
    }
    this.#rove(this.#buttons[0]);
    root.addEventListener("keydown", (event) => this.#arrows(event));
    document.addEventListener("keydown", (event) => this.#shortcuts(event, onPress));
  }

  /**
   * @param {"mic"|"camera"} name
   * @param {boolean} on
   * @param {string} [state] when it is neither: "none"
   */
  device(name, on, state = on ? DEVICE[name].on : DEVICE[name].off) {
    const button = this.button(name);
    button.setAttribute("aria-pressed", String(on));
    button.classList.toggle("hc-control-off", !on);
    swapIcon(button, ICONS[name][on ? "on" : "off"], "fill");
    say(need(button, "small"), state);
  }

  /** @param {boolean} open @param {number} unread @param {boolean} works the line is down but chat is not */
  chat(open, unread, works = false) {
    const button = this.button("chat");
    button.setAttribute("aria-expanded", String(open));
    button.classList.toggle("hc-control-in-use", open);
    const shut = works ? pgettext("chat", "works") : pgettext("chat", "closed");
    say(need(button, "small"), open ? pgettext("chat", "open") : unread ? interpolate(gettext("%(count)s new"), { count: unread }) : shut);
  }

  /** @param {boolean} on */
  share(on) {
    const button = this.#root.querySelector("[data-control=share]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(on));
    button.classList.toggle("hc-control-in-use", on);
    say(need(button, "small"), on ? pgettext("share", "sharing") : pgettext("share", "screen"));
  }

  /** @param {Control} name */
  button(name) {
    return /** @type {HTMLButtonElement} */ (need(this.#root, `[data-control="${name}"]`));
  }

  focus() {
    this.#buttons.find((button) => button.tabIndex === 0)?.focus();
  }

  /** @param {HTMLButtonElement} chosen */
  #rove(chosen) {
    for (const button of this.#buttons) button.tabIndex = button === chosen ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  #arrows(event) {
    const seen = this.#buttons.filter((button) => !button.hidden);
    const here = seen.findIndex((button) => button === document.activeElement);
    if (here < 0) return;
    const last = seen.length - 1;
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: here === last ? 0 : here + 1, ArrowLeft: here === 0 ? last : here - 1, Home: 0, End: last };
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    seen[target].focus();
  }

  /** @param {KeyboardEvent} event @param {Record<Control, () => void>} onPress */
  #shortcuts(event, onPress) {
    if (!event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || this.#root.closest("[hidden]")) return;
    const key = event.key.toLowerCase();
    if (key !== "d" && key !== "e") return;
    event.preventDefault();
    onPress[key === "d" ? "mic" : "camera"]();
  }
}

/**
 * F6 goes round the regions of the call: picture, chat, and what else is on the page.
 * @param {() => HTMLElement[]} regions those that can be seen now
 */
export function cycleRegions(regions) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F6") return;
    const all = regions();
    if (!all.length) return;
    event.preventDefault();
    const here = all.findIndex((region) => region.contains(document.activeElement));
    const next = all[(here + (event.shiftKey ? all.length - 1 : 1) + all.length) % all.length];
    const target = next.querySelector("textarea, button:not([tabindex='-1']), a[href], input, select") ?? next;
    if (target instanceof HTMLElement) target.focus();
  });
}
