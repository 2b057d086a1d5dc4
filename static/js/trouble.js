/** Words on the page about one's own devices: the box for who is in already, and the presses that help in this very browser. */

import { make, need, say } from "./dom.js";
import { stepsToAllow } from "./media-errors.js";
import { gettext } from "./words.js";

/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */

/** One sentence, one button, and the steps behind a row. The visit goes on around it. */
export class TroubleBox {
  #root;
  #media;
  #next;
  /** @type {MediaTrouble|null} what is said now */
  trouble = null;

  /**
   * @param {HTMLElement} root
   * @param {import("./media.js").LocalMedia} media
   * @param {() => void} next takes the focus when the pressed button goes
   */
  constructor(root, media, next) {
    this.#root = root;
    this.#media = media;
    this.#next = next;
    need(root, "[data-trouble-again]").addEventListener("click", () => this.#again());
    root.querySelector("[data-trouble-close]")?.addEventListener("click", () => this.hide());
  }

  /** @param {MediaTrouble} trouble */
  show(trouble) {
    this.trouble = trouble;
    this.#root.dataset.code = trouble.code;
    say(need(this.#root, "[data-trouble-words]"), trouble.inside);
    const again = need(this.#root, "[data-trouble-again]");
    again.hidden = trouble.action === "check-picture" || trouble.action === "look-for-question";
    say(again, trouble.action === "switch-on" ? switchWords()[trouble.device] : gettext("Try again"));
    need(this.#root, "[data-trouble-how]").hidden = fillSteps(this.#root, trouble) === 0;
    this.#root.hidden = false;
  }

  hide() {
    const focused = this.#root.contains(document.activeElement);
    this.trouble = null;
    this.#root.hidden = true;
    if (focused) this.#next();
  }

  /** Tracks came or went: what was missing may be there by another way. */
  refresh() {
    const { trouble } = this;
    if (!trouble || trouble.action === "check-picture") return;
    const { micOn, cameraOn } = this.#media;
    if ((micOn || trouble.device === "camera") && (cameraOn || trouble.device === "microphone")) this.hide();
  }

  async #again() {
    const trouble = await this.#media.start(this.trouble?.device === "microphone" ? {} : { camera: true });
    if (trouble) this.show(trouble);
    else this.hide();
  }
}

/**
 * @param {HTMLElement} root
 * @param {MediaTrouble} trouble
 * @returns {number} how many steps there are
 */
export function fillSteps(root, trouble) {
  const steps = stepsToAllow(navigator.userAgent, trouble.device, trouble.code);
  say(need(root, "[data-trouble-steps-title]"), (trouble.code === "media.busy" ? freeWords() : allowWords())[trouble.device]);
  need(root, "[data-trouble-steps]").replaceChildren(...steps.map(stepLine));
  return steps.length;
}

const switchWords = () => ({
  camera: gettext("Switch on camera"),
  microphone: gettext("Switch on microphone"),
  both: gettext("Switch on camera and microphone"),
});
const freeWords = () => ({
  camera: gettext("To free the camera"),
  microphone: gettext("To free the microphone"),
  both: gettext("To free the camera and microphone"),
});
const allowWords = () => ({
  camera: gettext("To allow the camera"),
  microphone: gettext("To allow the microphone"),
  both: gettext("To allow the camera and microphone"),
});

/** `**word**` is what stands on a button; everything else is plain. @param {string} text */
function stepLine(text) {
  const parts = text.split("**").map((part, index) => (index % 2 ? make("strong", {}, part) : part));
  return make("li", {}, ...parts);
}
