/** Speaker and connection in the device check; and what the whole check has found, told to the clinic. Camera and microphone: check.js. */

import { need, say, swapIcon } from "./dom.js";
import { post } from "./forms.js";
import { LevelMeter, chime } from "./level.js";
import { lineWords } from "./line-words.js";

/** @typedef {import("./media.js").LocalMedia} LocalMedia */
/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */
/** @typedef {import("./trial.js").TrialResult} TrialResult */

const TELL_AFTER = 1_200;
/** A line that was tried so lately is not tried again by coming back to the check. */
const LINE_HOLDS = 120_000;

/** What of a trouble's code is told. @type {Record<string, string>} */
const FOUND = {
  "media.denied": "denied",
  "media.denied_system": "denied-system",
  "media.none_camera": "none",
  "media.none_mic": "none",
  "media.busy": "busy",
  "media.aborted": "failed",
  "media.insecure": "insecure",
};

export class Findings {
  #root;
  #path;
  #media;
  #mayTell;
  /** @type {MediaTrouble|null} */
  #trouble = null;
  /** @type {""|"heard"|"silent"} */
  #voice = "";
  /** @type {""|"heard"|"not-heard"} */
  #speaker = "";
  /** @type {TrialResult|null} */
  #line = null;
  #triedAt = -Infinity;
  #trying = false;
  #asked = false;
  #told = "";
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #soon;

  /**
   * @param {HTMLElement} root the section of the check
   * @param {string} path of the link
   * @param {LocalMedia} media
   * @param {() => boolean} mayTell whether the visit has not begun: afterwards it shows by itself what works
   */
  constructor(root, path, media, mayTell) {
    this.#root = root;
    this.#path = path;
    this.#media = media;
    this.#mayTell = mayTell;
    need(root, "[data-play-sound]").addEventListener("click", () => this.#play());
    need(root, "[data-heard=yes]").addEventListener("click", () => this.#heard(true));
    need(root, "[data-heard=no]").addEventListener("click", () => this.#heard(false));
    need(root, "[data-line-again]").addEventListener("click", () => this.tryLine(true));
    addEventListener("online", () => !root.hidden && this.tryLine(true));
  }

  /** Devices were asked for and have answered. @param {MediaTrouble|null} trouble */
  devices(trouble) {
    this.#asked = true;
    this.#trouble = trouble;
    this.changed();
  }

  /** @param {"off"|"listening"|"heard"|"silent"} verdict of the level meter */
  voice(verdict) {
    // Who was heard once is heard, whatever they say next; only a microphone that falls dead is silent.
    const next = verdict === "heard" || verdict === "silent" ? verdict : verdict === "off" ? "" : this.#voice;
    if (next === this.#voice) return;
    this.#voice = next;
    this.changed();
  }

  /** Something may be different: told once it has held still for a moment. */
  changed() {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.tell(), TELL_AFTER);
  }

  /** @param {boolean} [anew] although it was tried a moment ago */
  async tryLine(anew = false) {
    if (this.#trying || (!anew && performance.now() - this.#triedAt < LINE_HOLDS)) return;
    this.#trying = true;
    this.#showLine(null);
    const { Trial } = await import("./trial.js");
    this.#line = await new Trial(this.#path).run();
    this.#triedAt = this.#line.path ? performance.now() : -Infinity;
    this.#trying = false;
    this.#showLine(this.#line);
    this.changed();
  }

  /** Tells the clinic, where there is something new to tell. */
  async tell() {
    clearTimeout(this.#soon);
    if ((!this.#asked && !this.#line) || !this.#mayTell()) return;
    const form = /** @type {HTMLFormElement} */ (need(document, "[data-form=devices]"));
    const data = new FormData(form);
    const found = this.#found();
    for (const [name, value] of Object.entries(found)) data.set(name, value);
    const told = JSON.stringify(found);
    if (told === this.#told) return;
    this.#told = told;
    const { error } = await post(form.action, data);
    // What did not arrive is told with the next change; the person has nothing to do with it.
    if (error) this.#told = "";
  }

  #found() {
    const { micOn, cameraOn, choices } = this.#media;
    const of = (/** @type {"camera"|"microphone"} */ device) =>
      this.#trouble && (this.#trouble.device === device || this.#trouble.device === "both") ? (FOUND[this.#trouble.code] ?? "") : "";
    const camera = cameraOn ? "works" : of("camera") || (this.#asked && !choices.camera ? "off" : "");
    const microphone = micOn ? this.#voice || "works" : of("microphone") || (this.#asked && !choices.mic ? "off" : "");
    const { path = "", spare = "", ms = null } = this.#line ?? {};
    return { camera, microphone, speaker: this.#speaker, path, spare, round_trip_ms: ms === null ? "" : String(ms) };
  }

  #play() {
    LevelMeter.context();
    chime();
    this.#question(true);
    need(this.#root, "[data-unheard]").hidden = true;
  }

  /** @param {boolean} yes */
  #heard(yes) {
    this.#speaker = yes ? "heard" : "not-heard";
    this.#question(false);
    need(this.#root, "[data-speaker-good]").hidden = !yes;
    need(this.#root, "[data-unheard]").hidden = yes;
    need(this.#root, "[data-play-sound]").focus();
    this.changed();
  }

  /** @param {boolean} open */
  #question(open) {
    need(this.#root, "[data-speaker-question]").hidden = !open;
    need(this.#root, "[data-speaker-good]").hidden = true;
  }

  /** @param {TrialResult|null} result */
  #showLine(result) {
    const { words, sign, css, note, again } = lineWords(result);
    const line = need(this.#root, "[data-line]");
    line.dataset.path = result ? result.path || "unknown" : "trying";
    line.className = `hc-verdict ${css}`;
    swapIcon(line, sign);
    say(need(line, "span"), words);
    const box = need(this.#root, "[data-line-note]");
    say(need(box, "p"), note);
    box.hidden = !note;
    need(this.#root, "[data-line-again]").hidden = !again;
  }
}
