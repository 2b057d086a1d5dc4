/** Entry of the patient's visit page: which step comes when, from the door to the end of the visit. */

import { countdownWords } from "./clock.js";
import { ask } from "./dialog.js";
import { announce, markOnce, need, say } from "./dom.js";
import { Entrance, onPress } from "./entrance.js";
import { enhance, post } from "./forms.js";
import { LevelMeter } from "./level.js";
import { offerNotice } from "./notify.js";
import { OVER, OverPoll } from "./over-poll.js";
import { recordPart } from "./record-part.js";
import { RecordWaiting } from "./record-waiting.js";
import { Room } from "./room.js";
import { Steps } from "./steps.js";
import { hideToast, toast } from "./toast.js";
import { WaitingLine } from "./waiting.js";
import { WaitingRoom } from "./waiting-room.js";
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
 * @property {boolean} place_holds what they said last time of where they are is shown in the check, and counts unless changed
 * @property {string} practitioner "Dr Marlow"
 * @property {import("./notify.js").Offer|null} push where the clinic sends notifications
 */

const LIVE = new Set(["waiting", "call"]);
const BEGUN = new Set(["in-progress", "onleave"]);

class VisitPage {
  /** @type {Room|undefined} */
  #room;
  /** A snapshot from before the form was sent may still be under way: only after this may one put us out of line. */
  #inLine = false;

  /** @param {PageData} data */
  constructor(data) {
    this.data = data;
    this.poll = new OverPoll(data.path);
    this.steps = new Steps(data.step, data.clinic, (step) => this.#goBack(step));
    this.waiting = new WaitingRoom(data.path);
    this.line = new WaitingLine(this.steps.section("waiting"), {
      title: (words) => this.steps.title(words),
      say: (words) => this.waiting.say(words),
      next: () => this.waiting.attention.call(gettext("You are next"), gettext("Please open the page of your visit and stay there.")),
    });
    this.entrance = new Entrance(this.steps, {
      path: data.path,
      practitioner: data.practitioner,
      room: () => this.#room,
      inLine: (purpose) => this.#room?.visit?.status === "arrived" || purpose === "change",
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
        moving: gettext("One moment, your visit goes on"),
        lost: gettext("Connection lost: trying again"),
        held: gettext("Paused for a minute"),
      },
      onVisit: (visit) => this.#onVisit(visit),
      onSocket: (state) => this.#onSocket(state),
      onLeave: () => this.#leaveCall(),
    });
    const at = { live: () => this.steps.current === "call", mayAsk: () => LIVE.has(this.steps.current) };
    this.recording = recordPart({ ...at, next: () => this.room.controls.focus() });
    const waiting = this.steps.section("waiting");
    const answered = waiting.querySelector("[data-record-waiting]");
    this.answered = answered instanceof HTMLElement ? new RecordWaiting(answered, () => this.recording?.ask()) : null;
    const notice = waiting.querySelector("[data-notify]");
    if (notice instanceof HTMLFormElement && data.push) void offerNotice(notice, data.push);
    this.room.clock.set(data.server_time);
    this.#buttons();
    this.#forms();
    this.#begin();
  }

  #begin() {
    const { step } = this.data;
    setInterval(() => this.#tick(), 1_000);
    this.#tick();
    if (step === "waiting" || (step === "call" && this.media.asked)) {
      // Connecting does not wait for the camera: both are under way at once.
      this.#goLive(step);
      this.media.resume().then((trouble) => trouble && this.entrance.tell(trouble));
      return;
    }
    if (step === "left" || step === "call") {
      // Opening the link elsewhere must not take the seat from a call that runs: first a press.
      this.steps.show("left", { push: false, focus: false });
      this.poll.start();
      return;
    }
    this.room.socket.open();
    if (step === "check") void this.entrance.resume();
  }

  // ---- what is pressed

  #buttons() {
    onPress("change-place", () => {
      this.data.place_holds = false;
      this.#checked("go-in");
    });
    onPress("come-back", () => this.#comeBack());
    onPress("bring-here", () => location.reload());
    onPress("leave-waiting", () => this.#leaveWaiting());
    onPress("cancel", () => this.#cancel());
    onPress("back", () => history.back());
  }

  #forms() {
    enhance(/** @type {HTMLFormElement} */ (need(document, "[data-form=consent]")), () => {
      this.data.needs_consent = false;
      void this.#place();
    });
    enhance(/** @type {HTMLFormElement} */ (need(document, "[data-form=place]")), () => this.#goLive("waiting"));
  }

  /** @param {import("./entrance.js").Purpose} purpose */
  #checked(purpose) {
    if (purpose === "change") this.#goLive(this.room.visit?.status === "in-progress" ? "call" : "waiting");
    else if (purpose === "try") this.#toDoor();
    else if (this.data.needs_consent) this.steps.show("consent");
    else void this.#place();
  }

  /** Asked only of who has not said it before, or has said that it is another. */
  async #place() {
    const form = /** @type {HTMLFormElement} */ (need(document, "[data-form=place]"));
    if (this.data.place_holds && !(await post(form.action, new FormData(form))).error) this.#goLive("waiting");
    else this.steps.show("place");
  }

  async #leaveWaiting() {
    if (this.room.visit?.status === "onleave") {
      this.#leaveCall();
      return;
    }
    const form = /** @type {HTMLFormElement} */ (need(document, "[data-form=leave-waiting]"));
    const answer = await post(form.action, new FormData(form));
    if (answer.error) {
      toast(answer.error.message, { icon: "warning-circle" });
      return;
    }
    this.room.part();
    this.#toDoor();
    toast(gettext("You left the waiting room. You can come back by the same button."));
  }

  async #cancel() {
    const answer = await ask(/** @type {HTMLDialogElement} */ (need(document, "[data-cancel-dialog]")));
    if (answer !== "cancel") return;
    const form = /** @type {HTMLFormElement} */ (need(document, "[data-form=cancel]"));
    const result = await post(form.action, new FormData(form));
    if (result.error) toast(result.error.message, { icon: "warning-circle" });
    else this.#end("cancelled");
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

  // ---- what the visit does

  /** @param {VisitView} visit */
  #onVisit(visit) {
    nameWhoCalls(this.data, visit);
    const step = this.steps.current;
    // Empty once the visit is over: who has the link alone is told of no time and no person then, and this page keeps its words.
    const isOld = Boolean(visit.told) && this.data.told !== visit.told && !BEGUN.has(visit.status);
    if (visit.state === "late" || isOld) location.reload(); // The server has the words for it.
    else if (visit.status === "finished") this.#end("ended");
    else if (visit.status === "cancelled") this.#end("cancelled");
    else if (visit.status === "in-progress") {
      if (step === "waiting" || (this.entrance.purpose === "change" && (step === "check" || step === "trouble"))) this.#calledIn();
    } else if (visit.status === "onleave") {
      if (step === "call") this.#putOnHold();
    } else if (visit.status === "arrived") {
      this.#inLine = true;
      if (step === "call") this.#backInLine();
    } else if (step === "waiting" && this.#inLine) {
      // The place was given up elsewhere, or the server forgot us: never wait on a page that is not in line.
      this.room.part();
      this.#toDoor();
    }
    if (this.steps.current === "waiting") this.line.show(visit);
    this.waiting.show(visit);
    if (visit.recording) this.answered?.show(visit.recording);
    this.recording?.show(visit);
  }

  #calledIn() {
    this.waiting.attention.call(gettext("Your visit begins"), gettext("Please open the page of your visit."), { seen: true });
    announce(interpolate(gettext("%(doctor)s opens the door. You are in the visit."), { doctor: this.data.practitioner }), "assertive");
    this.#goLive("call");
  }

  /** Called in by mistake, and undone: nothing was lost. */
  #backInLine() {
    announce(interpolate(gettext("%(doctor)s is not ready yet. You are in the waiting room again, and your place is kept."), { doctor: this.data.practitioner }), "assertive");
    this.#goLive("waiting");
    toast(interpolate(gettext("%(doctor)s is not ready yet. Your place in line is kept."), { doctor: this.data.practitioner }));
  }

  #putOnHold() {
    announce(interpolate(gettext("%(doctor)s has put your visit on hold and comes back to you. It goes on here by itself."), { doctor: this.data.practitioner }), "assertive");
    this.#goLive("waiting");
  }

  /** @param {"waiting"|"call"} step */
  #goLive(step) {
    this.poll.stop();
    hideToast();
    // Tracks first, screen second: the doctor waits for the picture, not for our layout.
    this.room.setLive(step === "call");
    this.room.join();
    if (step === "call") markOnce("call-shown");
    if (step === "call") this.entrance.takeAlong(this.room);
    this.steps.show(step, { push: this.steps.current === "place" });
    if (this.room.visit) this.#onVisit(this.room.visit);
  }

  #toDoor() {
    this.#inLine = false;
    this.media.stop();
    this.line.reset();
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
      // Signed out, or the link was closed: the server says it in its own words.
      this.room.part();
      this.media.stop();
      location.reload();
    }
  }

  // ---- what time does

  #tick() {
    const left = this.room.clock.until(this.data.opens_at);
    if (this.steps.current !== "early") return;
    if (left <= 0) {
      this.steps.show("door", { push: false });
      announce(gettext("The door is open. You can come in from now on."));
      return;
    }
    say(need(this.steps.section("early"), "[data-countdown]"), countdownWords(left));
  }

  /** @param {Step} wanted @returns {Step} */
  #goBack(wanted) {
    const here = this.steps.current;
    if (OVER.has(here) || here === "other-tab" || here === "left") return here;
    if (LIVE.has(here)) {
      toast(here === "call" ? gettext("You are still in the visit. Press Leave to hang up.") : gettext("You are still in the waiting room. Your place is kept."));
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

/** From a shared line it is whoever called in first that the call is with. @param {PageData} data @param {VisitView} visit */
function nameWhoCalls(data, { practitioner }) {
  if (!practitioner.name) return;
  data.practitioner = practitioner.short_name;
  for (const place of document.querySelectorAll("[data-with]")) say(place, practitioner.name);
}

const held = document.getElementById("visit-page");
if (held && document.querySelector("[data-stage]")) new VisitPage(JSON.parse(held.textContent ?? "{}"));
addEventListener("pageshow", (event) => {
  // A page from the browser's cache holds dead sockets and cameras.
  if (event.persisted) location.reload();
});
