/** The doctor's side of the recording: the control that asks and stops, and who has answered. */

import { ActDialog } from "./act-dialog.js";
import { announce, make, need, say } from "./dom.js";
import { ANSWERS, controlWord, isActive, isAsking, stateWords } from "./recording-words.js";
import { toast } from "./toast.js";
import { gettext, pgettext } from "./words.js";

/** @typedef {import("./types.js").RecordingView} RecordingView */
/** @typedef {import("./types.js").SeatView} SeatView */

export class RecordDoctor {
  #control;
  #start;
  #running;
  #root;
  #card;
  #place;
  /** @type {RecordingView|null} */
  #recording = null;

  /**
   * @param {HTMLElement} stage
   * @param {import("./record-server.js").RecordServer} server
   * @param {import("./recording-words.js").Place} place
   */
  constructor(stage, server, place) {
    this.#place = place;
    this.#control = need(stage, "[data-control=record]");
    this.#card = need(document, "[data-record-card]");
    this.#root = /** @type {HTMLDialogElement} */ (need(document, "[data-record-running]"));
    this.#start = new ActDialog(
      /** @type {HTMLDialogElement} */ (need(document, "[data-record-start]")),
      () => server.start(),
      (value) => value && announce(gettext("You asked to record the visit. Waiting for consent.")),
    );
    this.#running = new ActDialog(this.#root, () => server.stop());
    this.#control.addEventListener("click", () => this.press());
  }

  /** By the control, or by the sign beside the clock. */
  press() {
    const recording = this.#recording;
    if (!recording) return;
    if (isActive(recording)) this.#running.open();
    else if (recording.may_start) this.#start.open();
    else toast(stateWords(recording, this.#place), { icon: "info" });
  }

  /** @param {RecordingView|null} recording @param {SeatView[]} seats */
  show(recording, seats) {
    this.#recording = recording;
    this.#control.hidden = this.#card.hidden = !recording;
    if (!recording || !isActive(recording)) this.#running.close();
    if (!recording?.may_start) this.#start.close();
    if (!recording) return;
    const active = isActive(recording);
    this.#control.setAttribute("aria-pressed", String(active));
    this.#control.toggleAttribute("aria-disabled", false);
    if (!active && !recording.may_start) this.#control.setAttribute("aria-disabled", "true");
    this.#control.classList.toggle("hc-control-in-use", recording.on);
    say(need(this.#control, "small"), controlWord(recording));
    for (const place of [this.#card, this.#root]) {
      say(need(place, "[data-record-state]"), stateWords(recording, this.#place));
      list(need(place, "[data-record-people]"), active ? recording : null, seats);
    }
    this.#question(isAsking(recording));
  }

  /** @param {boolean} asking nobody is recorded yet */
  #question(asking) {
    if (this.#root.querySelector("[aria-busy=true]")) return;
    say(need(this.#root, "h2"), asking ? gettext("Stop asking to record?") : gettext("Stop the recording?"));
    say(need(this.#root, "button[value=stop]"), asking ? gettext("Stop asking") : gettext("Stop recording"));
    say(need(this.#root, "button[value='']"), asking ? gettext("Go on waiting") : gettext("Go on recording"));
  }
}

/**
 * Written anew only when something in it changed: it may be under somebody's eyes or fingers.
 * @param {HTMLElement} place @param {RecordingView|null} recording @param {SeatView[]} seats
 */
function list(place, recording, seats) {
  const people = recording?.people ?? [];
  const lines = people.map(({ seat, answer }) => {
    const who = seats.find((each) => each.id === seat);
    const name = who?.you ? pgettext("who is in the picture", "You") : (who?.label ?? gettext("Somebody who left"));
    return `${name}: ${ANSWERS[answer]}`;
  });
  const key = lines.join("\n");
  place.hidden = !lines.length;
  if (place.dataset.lines === key) return;
  place.dataset.lines = key;
  place.replaceChildren(...lines.map((line) => make("li", {}, line)));
}
