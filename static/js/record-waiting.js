/** In the waiting room: the answer about recording that was given at the door, and the way to another one. */

import { need, say } from "./dom.js";
import { gettext } from "./words.js";

/** @typedef {import("./types.js").RecordingView} RecordingView */

export class RecordWaiting {
  #root;
  #button;

  /** @param {HTMLElement} root @param {() => void} onAsk the question is asked once more */
  constructor(root, onAsk) {
    this.#root = root;
    this.#button = need(root, "[data-record-again]");
    this.#button.addEventListener("click", onAsk);
  }

  /** The sentences stand in the page: which of them is true, the snapshot says. @param {RecordingView} recording */
  show({ mine }) {
    for (const each of this.#root.querySelectorAll("[data-mine]")) {
      if (each instanceof HTMLElement) each.hidden = each.dataset.mine !== mine;
    }
    say(this.#button, mine === "unasked" ? gettext("Answer now") : gettext("Change this answer"));
  }
}
