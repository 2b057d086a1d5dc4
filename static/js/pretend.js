/**
 * The pretend patient of the demo: the ordinary page of a visit, whose camera is a drawing and whose buttons are pressed
 * by this. Loaded where the server says that it is a demo, and at work where the address asks for it.
 */

import { DrawnDevices } from "./pretend-devices.js";
import { gettext } from "./words.js";

const ANSWERS = [
  gettext("I am a drawing, so this is all I can say. Your words have arrived."),
  gettext("I am still a drawing. Try Record, share your screen, or finish the visit."),
];
const OVER = new Set(["ended", "cancelled", "late", "other-tab"]);
/** Of this tab only: the same link may be opened by a person in the next one. */
const KEY = `housecall.pretend.${location.pathname}`;

/** @param {string} selector @returns {HTMLElement|null} */
const find = (selector) => document.querySelector(selector);

/** What is done once in each step of the page; false while it cannot be done yet. @type {Record<string, () => boolean>} */
const ACTS = {
  door: () => press("[data-step=door] [data-act=join]"),
  check: () => !find("[data-step=check] [data-preview]")?.hidden && press("[data-step=check] [data-act=go-on]"),
  consent: () => {
    for (const name of ["[name=agree]", "[name=recording][value=permit]"]) press(`[data-form=consent] ${name}`);
    return submit("[data-form=consent]");
  },
  place: () => {
    fill("[data-form=place] [name=place]", gettext("A drawing on this screen"));
    fill("[data-form=place] [name=callback_phone]", "312-555-0199");
    return submit("[data-form=place]");
  },
};

/** @param {string} selector */
function press(selector) {
  const button = find(selector);
  button?.click();
  return button !== null;
}

/** @param {string} selector */
function submit(selector) {
  const form = find(selector);
  if (form instanceof HTMLFormElement) form.requestSubmit();
  return form !== null;
}

/** What is filled in already stays. @param {string} selector @param {string} words */
function fill(selector, words) {
  const field = find(selector);
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value ||= words;
}

class PretendPatient {
  #devices;
  /** @type {Set<string>} a person who goes back in this window is not pushed on */
  #done = new Set();

  /** @param {string} art address of the drawing */
  constructor(art) {
    this.#devices = new DrawnDevices(art);
    this.#devices.replace(navigator.mediaDevices);
  }

  /** The page's own scripts are there. */
  begin() {
    const watch = new MutationObserver(() => this.#look());
    watch.observe(document.documentElement, { subtree: true, attributeFilter: ["data-visit-state", "hidden"] });
    const list = find("[data-chat-list]");
    if (list) new MutationObserver(() => this.#answer(list)).observe(list, { childList: true });
    this.#look();
  }

  #look() {
    const step = document.documentElement.dataset.visitState ?? "";
    const note = find("[data-pretend-note]");
    const isOver = OVER.has(step);
    const isAway = isOver || step === "call";
    if (note && note.hidden !== isAway) note.hidden = isAway;
    if (isOver) this.#devices.stop();
    if (ACTS[step] && !this.#done.has(step) && ACTS[step]()) this.#done.add(step);
  }

  /** @param {HTMLElement} list */
  #answer(list) {
    const last = list.lastElementChild;
    if (!last || last.classList.contains("hc-bubble-mine")) return;
    // Two of them in one visit would thank each other for ever.
    if (ANSWERS.includes(last.querySelector("p")?.textContent ?? "")) return;
    const said = list.querySelectorAll(".hc-bubble-mine").length;
    fill("[data-chat-field]", ANSWERS[Math.min(said, ANSWERS.length - 1)]);
    submit("[data-chat-form]");
  }
}

if (new URLSearchParams(location.search).has("pretend")) sessionStorage.setItem(KEY, "yes");
const script = find("script[data-pretend]");
if (script && sessionStorage.getItem(KEY)) {
  const patient = new PretendPatient(script.dataset.art ?? "");
  // Modules run in order, and this one is before the page's own.
  addEventListener("DOMContentLoaded", () => patient.begin());
}
