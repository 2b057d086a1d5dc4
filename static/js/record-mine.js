/** One's own part in the recording, at any time: stop being recorded, allow it again, have erased what is there. */

import { ActDialog } from "./act-dialog.js";
import { need, say } from "./dom.js";
import { isActive, stateWords } from "./recording-words.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").RecordingView} RecordingView */
/** @typedef {import("./forms.js").Answer} Answer */

export class RecordMine {
  #dialog;
  #root;
  #options;
  #server;
  #done;
  #place;
  #erase;
  /** @type {RecordingView|null} */
  #recording = null;

  /**
   * @param {import("./record-server.js").RecordServer} server
   * @param {import("./recording-words.js").Place} place
   * @param {Object} on
   * @param {() => void} on.onAllow the words are read again before anybody agrees
   * @param {(words: string) => void} on.onDone what has been done is told
   */
  constructor(server, place, { onAllow, onDone }) {
    this.#server = server;
    this.#done = onDone;
    this.#place = place;
    this.#root = /** @type {HTMLDialogElement} */ (need(document, "[data-record-mine]"));
    this.#dialog = new ActDialog(
      this.#root,
      (value) => this.#act(value),
      (value) => {
        if (value === "allow") onAllow();
        if (value === "erase") this.#erase.open();
      },
    );
    this.#erase = new ActDialog(/** @type {HTMLDialogElement} */ (need(document, "[data-record-erase]")), () => this.#eraseMine());
    this.#options = need(document, "[data-record-options]");
    this.#inOptions("[data-record-change]", () => (this.#recording?.mine === "permit" ? this.open() : onAllow()));
    this.#inOptions("[data-record-erase-mine]", () => this.#erase.open());
  }

  /** @param {string} selector @param {() => void} then */
  #inOptions(selector, then) {
    need(this.#options, selector).addEventListener("click", () => {
      this.#options.closest("dialog")?.close();
      then();
    });
  }

  /** @param {RecordingView|null} recording */
  show(recording) {
    this.#recording = recording;
    this.#options.hidden = !recording || (recording.mine === "unasked" && !recording.asked && !isActive(recording));
    if (!recording) {
      this.#dialog.close();
      this.#erase.close();
      return;
    }
    const { mine } = recording;
    say(need(this.#options, "[data-record-answer]"), ANSWERED[mine]);
    need(this.#options, "[data-record-erase-mine]").hidden = mine === "permit" || !recording.erasable;
    say(need(this.#options, "[data-record-change]"), mine === "permit" ? stopLabel(recording) : gettext("Allow recording me"));
    this.#words(recording);
  }

  open() {
    this.#dialog.open();
  }

  /** @param {RecordingView} recording */
  #words(recording) {
    const agreed = recording.mine === "permit";
    const there = agreed ? recording.since !== null : Boolean(recording.erasable);
    say(need(this.#root, "[data-record-state]"), stateWords(recording, this.#place));
    say(need(this.#root, "[data-record-answer]"), ANSWERED[recording.mine]);
    const button = (/** @type {string} */ value) => need(this.#root, `button[value="${value}"]`);
    if (!this.#root.querySelector("[aria-busy=true]")) say(button("deny"), stopLabel(recording));
    button("deny").hidden = !agreed;
    button("deny-and-erase").hidden = !agreed || !there;
    button("allow").hidden = agreed;
    button("erase").hidden = agreed || !there;
    need(this.#root, "[data-record-there]").hidden = !there;
  }

  /** @param {string} value @returns {Promise<Answer>|null} */
  #act(value) {
    if (value === "deny") return this.#stop(false);
    if (value === "deny-and-erase") return this.#stop(true);
    return null;
  }

  /** @param {boolean} andErase @returns {Promise<Answer>} */
  async #stop(andErase) {
    const answer = await this.#server.answer("deny");
    if (answer.error) return answer;
    const erasable = typeof answer.erasable === "string" ? answer.erasable : null;
    if (!andErase || !erasable) {
      this.#done(gettext("You are not recorded any more."));
      return answer;
    }
    const erased = await this.#server.erase(erasable);
    if (erased.error) {
      const message = interpolate(gettext("You are not recorded any more, but your part is not erased yet. %(why)s"), { why: erased.error.message });
      return { error: { ...erased.error, message } };
    }
    this.#done(gettext("You are not recorded any more, and your part is erased."));
    return erased;
  }

  /** @returns {Promise<Answer>} */
  async #eraseMine() {
    const recording = this.#recording?.erasable;
    if (!recording) return { ok: true };
    const answer = await this.#server.erase(recording);
    if (!answer.error) this.#done(gettext("Your part of the recording is erased."));
    return answer;
  }
}

/** @type {Record<import("./types.js").Answer, string>} */
const ANSWERED = {
  unasked: gettext("You have not answered yet, so you are not recorded."),
  permit: gettext("You agreed to be recorded."),
  deny: gettext("You said no, so you are not recorded."),
};

/** @param {RecordingView} recording */
function stopLabel(recording) {
  return isActive(recording) ? gettext("Stop recording me") : gettext("Do not record me");
}
