/** What the waiting room has besides the line: being called back, writing with the desk, the word that a place was lost, sound after a press. */

import { Attention } from "./attention.js";
import { DeskThread } from "./desk-thread.js";
import { announce, need, say } from "./dom.js";
import { onPress } from "./entrance.js";
import { busyButton, post } from "./forms.js";
import { LevelMeter } from "./level.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").VisitView} VisitView */

export class WaitingRoom {
  #dialog = /** @type {HTMLDialogElement} */ (need(document, "[data-desk-dialog]"));
  #callback = document.querySelector("[data-callback]");
  #thread;
  #knows = -1;
  #unread = 0;
  #isLost = false;

  /** @param {string} path the page's own */
  constructor(path) {
    this.attention = new Attention((calling) => {
      need(document, "[data-here]").hidden = !calling;
    });
    this.#thread = new DeskThread(need(this.#dialog, "[data-desk-thread]"), {
      path: `${path}desk/`,
      seen: () => this.#dialog.open,
    });
    onPress("write-desk", () => this.#open());
    onPress("close-desk", () => this.#dialog.close());
    onPress("here", () => this.attention.answer());
    onPress("sound", () => LevelMeter.context());
    for (const form of this.#callback?.querySelectorAll("form") ?? []) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        void this.#send(/** @type {HTMLFormElement} */ (form));
      });
    }
    this.#offerSound();
  }

  /** @param {VisitView} visit */
  show({ desk, kept, status }) {
    if (desk && desk.seq !== this.#knows) {
      this.#knows = desk.seq;
      void this.#thread.look();
    }
    if (desk) this.#count(this.#dialog.open ? 0 : desk.unread);
    if (status === "in-progress" && this.#dialog.open) this.#dialog.close();
    if (status !== "arrived" && status !== "in-progress") this.attention.answer();
    if (kept) this.#keep(kept);
  }

  /** While a dialog is open the page's own live region is silent. @param {string} words */
  say(words) {
    announce(words);
    if (this.#dialog.open) say(need(this.#dialog, "[data-desk-live]"), words);
  }

  /** @param {NonNullable<VisitView["kept"]>} kept */
  #keep({ callback, lost }) {
    const box = need(document, "[data-place-lost]");
    box.hidden = !lost;
    if (lost && !this.#isLost) this.say(box.textContent?.trim() ?? "");
    this.#isLost = lost;
    if (!this.#callback) return;
    const asked = callback !== null;
    const changed = need(this.#callback, "[data-callback-asked]").hidden === asked;
    need(this.#callback, "[data-callback-asked]").hidden = !asked;
    need(this.#callback, "[data-callback-ask]").hidden = asked;
    if (changed && asked) this.say(gettext("We call you back. You can close this page."));
  }

  /** @param {HTMLFormElement} form */
  async #send(form) {
    if (!this.#callback || form.dataset.busy) return;
    form.dataset.busy = "yes";
    const release = busyButton(/** @type {HTMLButtonElement} */ (need(form, "button")));
    const { error } = await post(form.action, new FormData(form));
    release();
    delete form.dataset.busy;
    const words = need(this.#callback, "[data-callback-error]");
    words.hidden = !error;
    say(need(words, "p"), error?.message ?? "");
    if (error) return;
    this.#keep({ callback: form.matches("[data-callback-ask]") ? "asked" : null, lost: false, minutes: 0 });
    const next = [...this.#callback.querySelectorAll("button")].find((each) => each.checkVisibility());
    next?.focus();
  }

  #open() {
    this.#dialog.showModal();
    this.#count(0);
    this.#thread.focus();
    void this.#thread.look();
    this.#thread.shown();
  }

  /** @param {number} unread */
  #count(unread) {
    if (unread === this.#unread) return;
    if (unread > this.#unread) announce(gettext("The front desk has written to you."));
    this.#unread = unread;
    for (const each of document.querySelectorAll("[data-desk-unread]")) {
      if (each instanceof HTMLElement) each.hidden = !unread;
      say(each, unread ? interpolate(gettext("%(count)s new"), { count: unread }) : "");
    }
  }

  /** A browser plays nothing before somebody has pressed something; after a reload nobody has. */
  #offerSound() {
    const box = need(document, "[data-sound]");
    const active = () => navigator.userActivation?.hasBeenActive ?? true;
    box.hidden = active();
    for (const name of /** @type {const} */ (["pointerup", "keyup"])) {
      document.addEventListener(name, () => {
        if (box.hidden || !active()) return;
        box.hidden = true;
        LevelMeter.context();
      });
    }
  }
}
