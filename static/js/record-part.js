/** The recording on a page of the call: the sign beside the clock, the question, one's own part, and what is said aloud. */

import { need, say, swapIcon } from "./dom.js";
import { RecordDoctor } from "./record-doctor.js";
import { RecordMine } from "./record-mine.js";
import { RecordQuestion } from "./record-question.js";
import { RecordServer } from "./record-server.js";
import { news, pill } from "./recording-words.js";
import { toast } from "./toast.js";
import { gettext } from "./words.js";

/** @typedef {import("./types.js").RecordingView} RecordingView */
/** @typedef {import("./types.js").VisitView} VisitView */

/** One's own doing has an echo in the next snapshots: neither may hide the other. */
const KEPT = 4_000;
/** Without the socket nobody here knows whether bytes still reach the disk: the relay's lease is over after as long. */
const DEAF_AFTER = 5_000;

/**
 * @typedef {Object} Around
 * @property {() => boolean} live whether this page is in the call
 * @property {() => boolean} [mayAsk] where an answer can be given; in the call alone unless said
 * @property {() => void} next takes the focus of a sign that goes
 */

/**
 * Where this house does not record, the page has nothing of it.
 * @param {Around} around
 */
export function recordPart(around) {
  const form = document.querySelector("[data-record-form]");
  return form instanceof HTMLFormElement ? new RecordPart(form, need(document, "[data-stage]"), around) : null;
}

class RecordPart {
  #who;
  #live;
  #mayAsk;
  #place;
  #slot;
  #pill;
  #question;
  #mine;
  /** @type {RecordDoctor|null} */
  #doctor;
  #next;
  /** @type {RecordingView|null} */
  #before = null;
  #own = { words: "", at: -Infinity };
  #deaf = false;
  #silence = 0;

  /**
   * @param {HTMLFormElement} form what every answer carries, and the clinic's zone
   * @param {HTMLElement} stage
   * @param {Around} around
   */
  constructor(form, stage, { live, mayAsk = live, next }) {
    const server = new RecordServer(form);
    this.#who = stage.dataset.who === "practitioner" ? /** @type {const} */ ("practitioner") : /** @type {const} */ ("patient");
    this.#live = live;
    this.#mayAsk = mayAsk;
    this.#next = next;
    this.#place = { zone: form.dataset.zone ?? "", zoneName: form.dataset.zoneName ?? "" };
    this.#slot = need(stage, "[data-recording-place]");
    this.#pill = need(stage, "[data-recording-pill]");
    this.#question = new RecordQuestion(server, { live, onAnswer: () => this.#sign(this.#before) });
    this.#mine = new RecordMine(server, this.#place, { onAllow: () => this.#question.ask(), onDone: (words) => this.#done(words) });
    this.#doctor = this.#who === "practitioner" ? new RecordDoctor(stage, server, this.#place) : null;
    this.#pill.addEventListener("click", () => this.#press());
  }

  /** @param {VisitView} visit */
  show(visit) {
    const recording = visit.recording ?? null;
    this.#question.show(this.#mayAsk() ? recording : null);
    this.#show(this.#live() ? recording : null, visit.seats);
  }

  /** The question once more, for who wants to answer otherwise. */
  ask() {
    this.#question.ask();
  }

  /** What is known of the recording comes over the socket. @param {import("./socket.js").SocketState} state */
  socket(state) {
    if (state === "open") {
      clearTimeout(this.#silence);
      this.#silence = 0;
      this.#deaf = false; // the sign waits for the snapshot that comes now
    } else if (!this.#silence) {
      this.#silence = window.setTimeout(() => {
        this.#deaf = true;
        this.#sign(this.#before);
        if (this.#before) document.documentElement.dataset.recording = "unknown";
      }, DEAF_AFTER);
    }
  }

  /** This page is out of the call: nothing of it asks or tells any more. */
  rest() {
    this.#question.show(null);
    this.#show(null, []);
  }

  /** @param {RecordingView|null} recording @param {import("./types.js").SeatView[]} seats */
  #show(recording, seats) {
    this.#mine.show(recording);
    this.#doctor?.show(recording, seats);
    this.#sign(recording);
    const said = recording && news(this.#before, recording, this.#place);
    if (said) {
      const own = performance.now() - this.#own.at < KEPT ? this.#own.words : "";
      toast(`${own} ${said.words}`.trim(), { icon: said.icon, how: said.how, button: said.stays ? gettext("Close") : undefined });
    }
    this.#before = recording;
    document.documentElement.dataset.recording = recording?.on ? "on" : (recording?.state ?? "none");
  }

  /** What this person has done is told, and again with what comes of it. @param {string} words */
  #done(words) {
    this.#own = { words, at: performance.now() };
    toast(words, { icon: "check-circle" });
  }

  #press() {
    if (this.#question.open) this.#question.ask();
    else if (this.#doctor) this.#doctor.press();
    else this.#mine.open();
  }

  /** @param {RecordingView|null} recording */
  #sign(recording) {
    this.#slot.hidden = !recording;
    const sign = recording ? pill({ ...recording, asked: this.#question.open, deaf: this.#deaf }, this.#who) : null;
    const focused = document.activeElement === this.#pill;
    this.#pill.hidden = !sign;
    if (!sign) {
      if (focused) this.#next();
      return;
    }
    this.#pill.dataset.tone = sign.tone;
    swapIcon(this.#pill, sign.icon, "fill");
    say(need(this.#pill, "[data-pill-first]"), sign.first);
    say(need(this.#pill, "[data-pill-then]"), sign.then);
  }
}
