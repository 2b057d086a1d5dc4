/** Sharing one's screen: asking the browser, telling the visit, ending it whichever way it ends. No page, no connection. */

import { gettext } from "./words.js";

/** @typedef {"off"|"asking"|"on"} ShareState */
/** @typedef {import("./types.js").SeatView} SeatView */

const REPEAT_AFTER = 3_000;
const PICTURE = { frameRate: { ideal: 15, max: 30 }, width: { max: 1920 }, height: { max: 1200 } };

export class ScreenShare {
  #send;
  #handlers;
  #devices;
  /** @type {MediaStreamTrack|null} */
  #track = null;
  /** @type {ShareState} */
  #state = "off";
  /** Whether a snapshot has said that we share: only then can one say that we no longer do. */
  #confirmed = false;
  #saidAt = 0;

  /**
   * @param {(message: {type: "share", on: boolean}) => boolean} send
   * @param {Object} handlers
   * @param {(track: MediaStreamTrack|null) => void} handlers.onTrack what is to be sent from now on
   * @param {(state: ShareState) => void} handlers.onState
   * @param {(words: string) => void} handlers.onTrouble
   * @param {MediaDevices} [devices]
   */
  constructor(send, handlers, devices = globalThis.navigator?.mediaDevices) {
    this.#send = send;
    this.#handlers = handlers;
    this.#devices = /** @type {MediaDevices|undefined} */ (devices);
  }

  /** Phones have no screen to share. */
  get possible() {
    return typeof this.#devices?.getDisplayMedia === "function";
  }

  get state() {
    return this.#state;
  }

  toggle() {
    return this.#state === "on" ? this.stop() : this.start();
  }

  async start() {
    if (this.#state !== "off" || !this.#devices) return;
    this.#set("asking");
    let stream;
    try {
      stream = await this.#devices.getDisplayMedia({ video: PICTURE, audio: false });
    } catch (error) {
      this.#set("off");
      if (!isChange(error)) this.#handlers.onTrouble(troubleWords(error));
      return;
    }
    const [track] = stream.getVideoTracks();
    // The page let go while the person was choosing.
    if (/** @type {ShareState} */ (this.#state) !== "asking") return track.stop();
    this.#take(track);
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    // Letters are to be read: sharp rather than smooth.
    track.contentHint = "text";
    track.addEventListener("ended", () => track === this.#track && this.stop());
    this.#track = track;
    this.#confirmed = false;
    this.#handlers.onTrack(track);
    if (this.#say(true)) return this.#set("on");
    this.#let(gettext("Your screen cannot be shared while the connection is coming back. Try again in a moment."));
  }

  /** By the control, by the bar, or by the browser's own button. */
  stop() {
    if (this.#track) this.#say(false);
    this.#let();
  }

  /** The visit is left, or another tab has the seat: nobody need be told. */
  part() {
    this.#let();
  }

  /** The server would not have it. @param {string} words */
  refused(words) {
    if (this.#track) this.#let(words);
  }

  /** What the visit says is compared with what is so: a lost message heals, a reloaded page shares nothing. @param {SeatView|undefined} mine */
  compare(mine) {
    if (!mine) return;
    const shared = mine.screen === true;
    if (!this.#track) {
      if (shared && this.#state === "off") this.#say(false);
    } else if (shared) {
      this.#confirmed = true;
    } else if (this.#confirmed) {
      this.#let(gettext("Your screen is no longer shared."));
    } else if (performance.now() - this.#saidAt > REPEAT_AFTER) {
      this.#say(true);
    }
  }

  /** @param {boolean} on */
  #say(on) {
    this.#saidAt = performance.now();
    return this.#send({ type: "share", on });
  }

  /** @param {string} [words] */
  #let(words) {
    const track = this.#track;
    this.#track = null;
    this.#confirmed = false;
    if (track) {
      track.stop();
      this.#handlers.onTrack(null);
    }
    this.#set("off");
    if (words) this.#handlers.onTrouble(words);
  }

  /** @param {ShareState} state */
  #set(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#handlers.onState(state);
  }
}

/** Nobody chose anything: that is an answer, not a fault. A system that forbids it looks the same but says so. @param {unknown} error */
function isChange(error) {
  return error instanceof DOMException && (error.name === "AbortError" || (error.name === "NotAllowedError" && !/system|policy/i.test(error.message)));
}

/** @param {unknown} error */
function troubleWords(error) {
  const forbidden = error instanceof DOMException && error.name === "NotAllowedError";
  if (forbidden) return gettext("Your computer does not let this browser share the screen. Allow it in the system settings, then press Share again.");
  return gettext("Your screen could not be shared. Press Share to try again.");
}
