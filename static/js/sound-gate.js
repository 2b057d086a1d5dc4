/** The wide button for browsers that keep the sound off until somebody presses. */

import { announce, need } from "./dom.js";
import { gettext } from "./words.js";

export class SoundGate {
  #button;

  /** @param {HTMLElement} stage @param {() => Promise<boolean>} unblock tells whether it worked */
  constructor(stage, unblock) {
    this.#button = need(stage, "[data-unblock]");
    this.#button.addEventListener("click", async () => this.show(!(await unblock())));
  }

  /** @param {boolean} blocked */
  show(blocked) {
    this.#button.hidden = !blocked;
    document.documentElement.dataset.sound = blocked ? "blocked" : "on";
    if (blocked) announce(gettext("Your browser keeps the sound off. Press Turn sound on."), "assertive");
  }
}
