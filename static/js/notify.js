/**
 * "Tell me when I am next": asks the browser for its permission when it is pressed and not before, has it named a place
 * where notifications for it may be sent, and tells the clinic. What cannot be says so in place of the button.
 */

import { need, say } from "./dom.js";
import { busyButton, post } from "./forms.js";
import { gettext } from "./words.js";

/**
 * @typedef {Object} Offer
 * @property {string} key the clinic's, as base64url writes it
 * @property {string[]} told digests of the places of this person's browsers that are told already
 */

/** @typedef {"off"|"on"|"denied"|"apple"|"none"|"failed"} State */

const WORKER = "/worker.js";
/** @type {Record<State, string>} */
const WORDS = {
  off: gettext("Your browser asks whether it may. It then tells you even when this page is closed."),
  on: gettext("This device tells you when you are next, even when this page is closed. Press what it shows to come back."),
  denied: gettext("Your browser may not show you notifications of this page. Allow them in the address bar, then press again. Or leave this page open: we play a sound."),
  apple: gettext("An iPhone or iPad lets no page in a browser tell you things. Leave this page open: we play a sound when you are next."),
  none: gettext("This browser lets no page tell you things. Leave this page open: we play a sound when you are next."),
  failed: gettext("That did not work just now. Press again, or leave this page open: we play a sound."),
};
const POSSIBLE = new Set(["off", "denied", "failed"]);

/**
 * Whether this browser can be told at all.
 * @param {{worker: boolean, push: boolean, notification: boolean, agent: string, touch: number}} browser
 * @returns {State}
 */
export function possible({ worker, push, notification, agent, touch }) {
  if (worker && push && notification) return "off";
  // An iPad says that it is a Mac; no Mac has a screen for several fingers.
  return /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touch > 1) ? "apple" : "none";
}

/**
 * What the clinic's form takes of a subscription; null of one that lacks its keys.
 * @param {PushSubscriptionJSON} subscription
 */
export function fieldsOf({ endpoint, keys }) {
  const { p256dh, auth } = keys ?? {};
  return endpoint && p256dh && auth ? { endpoint, p256dh, auth } : null;
}

/** @param {HTMLFormElement} form @param {Offer} offer */
export async function offerNotice(form, offer) {
  const notice = new Notice(form, offer);
  await notice.begin();
}

class Notice {
  #form;
  #offer;
  #on;
  #off;
  #words;

  /** @param {HTMLFormElement} form @param {Offer} offer */
  constructor(form, offer) {
    this.#form = form;
    this.#offer = offer;
    this.#on = need(form, "[data-notify-on]");
    this.#off = need(form, "[data-notify-off]");
    this.#words = need(form, "[data-notify-words]");
  }

  async begin() {
    const state = possible({
      worker: "serviceWorker" in navigator,
      push: "PushManager" in window,
      notification: "Notification" in window,
      agent: navigator.userAgent,
      touch: navigator.maxTouchPoints,
    });
    this.#show(state === "off" && (await this.#isTold()) ? "on" : state);
    this.#form.hidden = false;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#form.dataset.busy) void this.#press(event.submitter === this.#off);
    });
  }

  /** @param {boolean} isOff */
  async #press(isOff) {
    this.#form.dataset.busy = "yes";
    const release = busyButton(/** @type {HTMLButtonElement} */ (isOff ? this.#off : this.#on));
    const state = await (isOff ? this.#end() : this.#start()).catch(() => /** @type {State} */ ("failed"));
    release();
    delete this.#form.dataset.busy;
    const before = document.activeElement;
    this.#show(state);
    // The button that was pressed may be gone.
    if (before === document.body || (before instanceof HTMLElement && before.hidden)) (state === "on" ? this.#off : this.#on).focus();
  }

  /** @returns {Promise<State>} */
  async #start() {
    if ((await Notification.requestPermission()) !== "granted") return "denied";
    const fields = fieldsOf((await this.#subscription()).toJSON());
    if (!fields) return "failed";
    const answer = await post(this.#form.action, this.#data(fields));
    return answer.error ? "failed" : "on";
  }

  /** @returns {Promise<State>} */
  async #end() {
    const here = await this.#here();
    if (!here) return "off";
    // The browser's own subscription stays: another person's visit in this browser may be told by it.
    const answer = await post(this.#form.dataset.notify ?? "", this.#data({ endpoint: here.endpoint }));
    return answer.error ? "failed" : "off";
  }

  async #subscription() {
    if (!(await navigator.serviceWorker.getRegistration())) await navigator.serviceWorker.register(WORKER);
    const { pushManager } = await this.#ready();
    const wanted = { userVisibleOnly: true, applicationServerKey: this.#offer.key };
    try {
      return await pushManager.subscribe(wanted);
    } catch (error) {
      const former = error instanceof DOMException && error.name === "InvalidStateError" && (await pushManager.getSubscription());
      if (!former) throw error;
      // It was made with another key of the clinic's.
      await former.unsubscribe();
      return pushManager.subscribe(wanted);
    }
  }

  /** Not `navigator.serviceWorker.ready`, which waits without end where a worker cannot start. */
  async #ready() {
    const registration = await navigator.serviceWorker.getRegistration();
    if (!registration) throw new Error("no worker");
    const starting = registration.installing ?? registration.waiting;
    if (!registration.active && starting) {
      await new Promise((done, fail) => {
        starting.addEventListener("statechange", () => {
          if (starting.state === "activated") done(null);
          if (starting.state === "redundant") fail(new Error("no worker"));
        });
      });
    }
    return registration;
  }

  async #here() {
    const registration = await navigator.serviceWorker.getRegistration().catch(() => undefined);
    return (await registration?.pushManager.getSubscription()) ?? null;
  }

  /** Whether the clinic knows this very browser. */
  async #isTold() {
    if (Notification.permission !== "granted" || !this.#offer.told.length) return false;
    const here = await this.#here();
    if (!here) return false;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(here.endpoint));
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return this.#offer.told.includes(hex);
  }

  /** @param {Record<string, string>} fields */
  #data(fields) {
    const data = new FormData(this.#form);
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    return data;
  }

  /** @param {State} state */
  #show(state) {
    this.#form.toggleAttribute("data-told", state === "on");
    this.#on.hidden = !POSSIBLE.has(state);
    this.#off.hidden = state !== "on";
    say(this.#words, WORDS[state]);
  }
}
