/** Entry of a guest's visit page: from the door to the end. A guest waits outside, and is in the room only while the visit goes on. */

import { countdownWords } from "./clock.js";
import { announce, markOnce, need, say } from "./dom.js";
import { Entrance, onPress } from "./entrance.js";
import { enhance } from "./forms.js";
import { LevelMeter, chime } from "./level.js";
import { OVER, OverPoll } from "./over-poll.js";
import { sayOwnTimes } from "./own-times.js";
import { recordPart } from "./record-part.js";
import { RecordWaiting } from "./record-waiting.js";
import { Room } from "./room.js";
import { Steps } from "./steps.js";
import { hideToast, toast } from "./toast.js";
import { showHeld } from "./waiting.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./steps.js").Step} Step */
/** @typedef {import("./types.js").VisitView} VisitView */

/**
 * @typedef {Object} PageData
 * @property {string} state
 * @property {Step} step
 * @property {string} path
 * @property {string} clinic
 * @property {string} server_time
 * @property {string} opens_at
 * @property {string} told as in the visit of the socket
 * @property {boolean} needs_consent
 * @property {string} practitioner "Dr Marlow"
 */

const LIVE = new Set(["waiting", "call"]);
const BEGUN = new Set(["in-progress", "onleave"]);

class GuestPage {
  /** @type {Room|undefined} */
  #room;

  /** @param {PageData} data */
  constructor(data) {
    this.data = data;
    this.poll = new OverPoll(data.path, data.told);
    this.steps = new Steps(data.step, data.clinic, (step) => this.#goBack(step));
    this.entrance = new Entrance(this.steps, {
      path: data.path,
      practitioner: data.practitioner,
      room: () => this.#room,
      inLine: () => false,
      onChecked: (purpose) => this.#checked(purpose),
    });
    this.media = this.entrance.media;
    this.#room = this.room = new Room(need(document, "[data-stage]"), {
      path: data.path,
      media: this.media,
      texts: {
        connecting: gettext("Connecting"),
        good: gettext("Connection good"),
        weak: gettext("Weak: sound kept clear"),
        socket: gettext("Picture and sound work, the rest is coming back"),
        theirs: gettext("Weak: sound kept clear"),
        moving: gettext("One moment, the visit goes on"),
        lost: gettext("Connection lost: trying again"),
        held: gettext("Paused for a minute"),
      },
      onVisit: (visit) => this.#onVisit(visit),
      onSocket: (state) => this.#onSocket(state),
      onLeave: () => this.#leaveCall(),
    });
    const at = { live: () => this.steps.current === "call", mayAsk: () => LIVE.has(this.steps.current) };
    this.recording = recordPart({ ...at, next: () => this.room.controls.focus() });
    const answered = this.steps.section("waiting").querySelector("[data-record-waiting]");
    this.answered = answered instanceof HTMLElement ? new RecordWaiting(answered, () => this.recording?.ask()) : null;
    this.room.clock.set(data.server_time);
    this.#buttons();
    this.#begin();
  }

  #buttons() {
    onPress("come-back", () => this.#comeBack());
    onPress("bring-here", () => location.reload());
    const form = /** @type {HTMLFormElement} */ (need(document, "[data-form=consent]"));
    enhance(form, () => {
      this.data.needs_consent = false;
      this.#goLive("waiting");
    });
  }

  /** Nobody is let in by opening a page: where this browser has not been asked for its devices yet, first comes a press. */
  #begin() {
    const { step, needs_consent: needsConsent } = this.data;
    sayOwnTimes(document);
    setInterval(() => this.#tick(), 1_000);
    this.#tick();
    if (this.media.asked && !needsConsent && (step === "call" || step === "door")) {
      this.#goLive(step === "call" ? "call" : "waiting");
      this.media.resume().then((trouble) => trouble && this.entrance.tell(trouble));
      return;
    }
    this.poll.start();
    if (step === "call") this.steps.show("left", { push: false, focus: false });
    if (step === "check") void this.entrance.resume();
  }

  /** @param {import("./entrance.js").Purpose} purpose */
  #checked(purpose) {
    if (purpose === "try") this.#toDoor();
    else if (this.data.needs_consent) this.steps.show("consent");
    else this.#goLive(this.room.visit?.status === "in-progress" ? "call" : "waiting");
  }

  /** @param {VisitView} visit */
  #onVisit(visit) {
    // Empty once the visit is over: who has the link alone is told of no time and no person then, and this page keeps its words.
    const isOld = Boolean(visit.told) && this.data.told !== visit.told && !BEGUN.has(visit.status);
    if (visit.state === "late" || isOld) {
      location.reload(); // The server has the words for it.
    } else if (visit.status === "finished") this.#end("ended");
    else if (visit.status === "cancelled") this.#end("cancelled");
    else if (visit.status === "in-progress" && this.#isWaiting()) this.#calledIn();
    else if (visit.status === "onleave") this.#onHold();
    else if (visit.status === "arrived" && this.steps.current === "call") this.#goLive("waiting");
    if (visit.status !== "onleave") showHeld(this.steps.section("waiting"), false);
    if (visit.recording) this.answered?.show(visit.recording);
    this.recording?.show(visit);
  }

  /** Also with the devices open once more: the visit does not wait for that. */
  #isWaiting() {
    const { current } = this.steps;
    return current === "waiting" || (this.entrance.purpose === "change" && (current === "check" || current === "trouble"));
  }

  #onHold() {
    showHeld(this.steps.section("waiting"), true);
    if (this.steps.current !== "call") return;
    announce(gettext("The visit is on hold. It goes on here by itself."), "assertive");
    this.#goLive("waiting");
  }

  #calledIn() {
    chime();
    navigator.vibrate?.(200);
    announce(gettext("The visit begins. You are in it."), "assertive");
    this.#goLive("call");
  }

  /** Waiting, this page only hears of the visit; the seat comes with the call. @param {"waiting"|"call"} step */
  #goLive(step) {
    this.poll.stop();
    hideToast();
    const inCall = step === "call";
    this.room.setLive(inCall);
    if (inCall) {
      this.room.join();
      markOnce("call-shown");
      this.entrance.takeAlong(this.room);
    } else this.room.socket.open();
    this.steps.show(step, { push: !LIVE.has(this.steps.current) && this.steps.current !== "left" });
    if (this.room.visit) this.#onVisit(this.room.visit);
  }

  #leaveCall() {
    this.room.leave();
    this.media.hangUp();
    hideToast();
    const words = gettext("You left the visit. It is still open: you can come back by the same button until %(doctor)s finishes it.");
    say(need(this.steps.section("left"), "[data-left-words]"), interpolate(words, { doctor: this.data.practitioner }));
    this.steps.show("left", { push: false });
    this.poll.start();
  }

  async #comeBack() {
    LevelMeter.context();
    this.#goLive("call");
    const trouble = await this.media.start();
    if (trouble) this.entrance.tell(trouble);
  }

  #toDoor() {
    this.media.stop();
    this.steps.show(this.room.clock.until(this.data.opens_at) > 0 ? "early" : "door", { push: false });
  }

  /** @param {"ended"|"cancelled"} step */
  #end(step) {
    this.poll.stop();
    hideToast();
    this.room.part();
    this.room.socket.close();
    this.media.stop();
    this.steps.show(step, { push: false });
  }

  /** @param {import("./socket.js").SocketState} state */
  #onSocket(state) {
    this.recording?.socket(state);
    if (state === "taken") {
      this.recording?.rest();
      this.room.part();
      this.media.stop();
      this.steps.show("other-tab", { push: false });
      this.poll.start();
    } else if (state === "refused") {
      // The link was closed, or this guest was taken out: the server says it in its own words.
      this.room.part();
      this.media.stop();
      location.reload();
    }
  }

  #tick() {
    if (this.steps.current !== "early") return;
    const left = this.room.clock.until(this.data.opens_at);
    if (left > 0) {
      say(need(this.steps.section("early"), "[data-countdown]"), countdownWords(left));
      return;
    }
    this.steps.show("door", { push: false });
    announce(gettext("The door is open. You can come in from now on."));
  }

  /** @param {Step} wanted @returns {Step} */
  #goBack(wanted) {
    const here = this.steps.current;
    if (OVER.has(here) || here === "other-tab" || here === "left") return here;
    if (LIVE.has(here)) {
      toast(here === "call" ? gettext("You are still in the visit. Press Leave to hang up.") : gettext("You are still here: the visit opens by itself."));
      return here;
    }
    if (LIVE.has(wanted)) {
      this.#goLive(/** @type {"waiting"|"call"} */ (wanted));
      return wanted;
    }
    if (wanted === "trouble") return "check";
    if (wanted === "door" || wanted === "early") this.media.stop();
    return wanted;
  }
}

const held = document.getElementById("visit-page");
if (held && document.querySelector("[data-stage]")) new GuestPage(JSON.parse(held.textContent ?? "{}"));
addEventListener("pageshow", (event) => {
  // A page from the browser's cache holds dead sockets and cameras.
  if (event.persisted) location.reload();
});
