/** May we record this visit? Asked by the doctor in the call; yes and no weigh the same, and no answer is no yes. */

import { ActDialog } from "./act-dialog.js";
import { announce, need, say } from "./dom.js";
import { toast } from "./toast.js";
import { gettext } from "./words.js";

/** @typedef {import("./types.js").RecordingView} RecordingView */

/** Until the snapshot has heard of an answer, it still says that this person is to be asked. */
const HEARD_WITHIN = 12_000;

export class RecordQuestion {
  #dialog;
  #later;
  #live;
  #onAnswer;
  /** @type {RecordingView|null} */
  #recording = null;
  #putOff = false;
  #answeredAt = -Infinity;
  /** Opened by a press and not by being asked: then it stays, whatever is asked meanwhile. */
  #wanted = false;

  /**
   * @param {import("./record-server.js").RecordServer} server
   * @param {{live: () => boolean, onAnswer: () => void}} options
   */
  constructor(server, { live, onAnswer }) {
    this.#live = live;
    this.#onAnswer = onAnswer;
    const dialog = /** @type {HTMLDialogElement} */ (need(document, "[data-record-question]"));
    this.#later = need(dialog, "button[value='']");
    this.#dialog = new ActDialog(
      dialog,
      (value) => server.answer(value === "permit" ? "permit" : "deny"),
      (value) => this.#closed(value),
    );
    // Two questions at once are none: what is open now is answered first.
    document.addEventListener("close", (event) => event.target !== dialog && this.#look(), { capture: true });
  }

  /** Whether the answer that is asked for may still come. */
  get open() {
    return Boolean(this.#recording?.asked) && performance.now() - this.#answeredAt > HEARD_WITHIN;
  }

  /** @param {RecordingView|null} recording */
  show(recording) {
    this.#dialog.settle();
    this.#recording = recording;
    if (!recording?.asked) {
      this.#putOff = false;
      this.#answeredAt = -Infinity;
      if (!this.#wanted || !recording) this.#dialog.close();
    }
    say(this.#later, recording && recording.mine !== "unasked" ? gettext("Change nothing") : gettext("Not now"));
    this.#look();
  }

  /** Somebody wants to answer, or to answer anew. */
  ask() {
    this.#wanted = true;
    this.#dialog.open();
  }

  #look() {
    if (!this.open || this.#putOff || !this.#live() || document.querySelector("dialog[open]")) return;
    this.#dialog.open();
  }

  /** @param {string} value */
  #closed(value) {
    this.#wanted = false;
    if (value) {
      this.#answeredAt = performance.now();
      announce(value === "permit" ? gettext("You agreed to be recorded.") : gettext("You are not recorded."));
      this.#onAnswer();
    } else if (this.#recording?.asked) {
      this.#putOff = true;
      toast(gettext("You are not recorded. To answer later, press Recording at the top."), { icon: "info" });
    }
  }
}
