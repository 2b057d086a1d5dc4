/** Calls somebody to a page that they may not be looking at: sound, vibration and a notice of the device, again and again until they answer. */

import { chime } from "./level.js";

const EVERY = 10_000;
/** From then on once a minute: who has left the room does not come sooner for more noise. */
const OFTEN_FOR = 2 * 60_000;
const RARELY = 60_000;
const ANSWERS = /** @type {const} */ (["pointerdown", "keydown"]);

export class Attention {
  #answered;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #since = 0;
  /** @type {Notification|null} */
  #notice = null;
  #listen = () => this.answer();

  /** @param {(calling: boolean) => void} [answered] what the page shows while it calls */
  constructor(answered = () => {}) {
    this.#answered = answered;
  }

  get calling() {
    return this.#since > 0;
  }

  /**
   * @param {string} title never a name: it stands on locked screens
   * @param {string} body
   * @param {{seen?: boolean}} [how] `seen`: to come back to the page is an answer, because what it calls for is there
   */
  call(title, body, { seen = false } = {}) {
    this.answer();
    this.#sound();
    if (seen && !document.hidden) return;
    this.#since = performance.now();
    for (const name of ANSWERS) document.addEventListener(name, this.#listen, { capture: true });
    if (seen) document.addEventListener("visibilitychange", this.#listen);
    if (document.hidden) void this.#tell(title, body);
    this.#answered(true);
    this.#again();
  }

  /** Whoever it is for is here, or it is over. */
  answer() {
    if (!this.calling) return;
    this.#since = 0;
    clearTimeout(this.#timer);
    for (const name of ANSWERS) document.removeEventListener(name, this.#listen, { capture: true });
    document.removeEventListener("visibilitychange", this.#listen);
    this.#notice?.close();
    this.#notice = null;
    this.#answered(false);
  }

  #again() {
    const often = performance.now() - this.#since < OFTEN_FOR;
    this.#timer = setTimeout(() => {
      this.#sound();
      this.#again();
    }, often ? EVERY : RARELY);
  }

  #sound() {
    document.documentElement.dataset.chimes = String(Number(document.documentElement.dataset.chimes ?? 0) + 1);
    chime();
    navigator.vibrate?.([200, 100, 200]);
  }

  /** By the worker where there is one: phones show none but those. @param {string} title @param {string} body */
  async #tell(title, body) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const options = { body, tag: "visit", data: { page: location.pathname } };
    try {
      const worker = await navigator.serviceWorker?.getRegistration();
      if (worker?.active) await worker.showNotification(title, options);
      else this.#notice = new Notification(title, options);
    } catch {
      // The sound has to do.
    }
  }
}
