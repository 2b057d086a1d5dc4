/** The board's “Set up camera and microphone”: asks once on a press, shows picture and level, and gives both back. */

import { icon, make, need } from "./dom.js";
import { BLOCKS, blocksLit, LevelMeter, SilenceWatch } from "./level.js";
import { LocalMedia } from "./media.js";
import { endBusy, makeBusy } from "./page.js";
import { gettext } from "./words.js";

/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */

const REMEMBERED = "housecall.devices";
const HEARD = { listening: gettext("Say a few words"), heard: gettext("We hear you"), silent: gettext("We hear nothing") };

export function setUpDevices() {
  const opener = document.querySelector("[data-devices-open]");
  const dialog = document.querySelector("[data-devices]");
  if (!(opener instanceof HTMLElement) || !(dialog instanceof HTMLDialogElement)) return;
  const card = new DevicesCard(opener, dialog);
  opener.addEventListener("click", () => card.open());
  dialog.addEventListener("close", () => card.close());
  void card.look();
}

class DevicesCard {
  #opener;
  #dialog;
  #media;
  #meter = new LevelMeter();
  #watch = new SilenceWatch();
  #frame = 0;
  /** @type {MediaTrouble|null} what went wrong at the last try */
  #trouble = null;
  #video;
  #ask;
  #blocks;
  #heard;

  /** @param {HTMLElement} opener @param {HTMLDialogElement} dialog */
  constructor(opener, dialog) {
    this.#opener = opener;
    this.#dialog = dialog;
    this.#video = /** @type {HTMLVideoElement} */ (need(dialog, "[data-devices-video]"));
    this.#ask = need(dialog, "[data-devices-ask]");
    this.#blocks = [...dialog.querySelectorAll("[data-devices-meter] i")];
    this.#heard = need(dialog, "[data-devices-heard]");
    this.#media = new LocalMedia({
      key: "board",
      practitioner: dialog.dataset.practitioner ?? "",
      onChange: () => this.#draw(),
      onNotice: () => {},
      onTrouble: (trouble) => this.#explain(trouble),
    });
    this.#ask.addEventListener("click", () => void this.#start());
  }

  open() {
    this.#explain(null);
    this.#dialog.showModal();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#meter.listen(null);
    this.#media.stop();
    void this.look();
  }

  /** What this browser already allows, as far as it tells. */
  async look() {
    const states = await Promise.all([permission("camera"), permission("microphone")]);
    if (this.#trouble) this.#say("no", this.#trouble.tag);
    else if (states.includes("denied")) this.#say("no", gettext("Camera or microphone is blocked"));
    else if (states.every((state) => state === "granted") || (states.includes("unknown") && remembered())) {
      this.#say("yes", gettext("Camera and microphone ready"));
    } else this.#say("no", gettext("Set up camera and microphone"));
  }

  async #start() {
    if (this.#ask.getAttribute("aria-busy") === "true") return;
    makeBusy(this.#ask);
    this.#explain(null);
    const trouble = await this.#media.start({ camera: true, microphone: true });
    endBusy(this.#ask);
    if (!this.#dialog.open) {
      this.#media.stop();
      return;
    }
    this.#trouble = trouble;
    this.#explain(trouble);
    need(this.#ask, "[data-devices-ask-word]").textContent = trouble ? gettext("Try again") : gettext("Ask again");
    this.#ask.hidden = !trouble;
    if (!trouble) remember();
    this.#meter.listen(this.#media.track("microphone"));
    this.#watch = new SilenceWatch();
    this.#measure();
  }

  #draw() {
    const camera = this.#media.track("camera");
    this.#video.srcObject = camera ? new MediaStream([camera]) : null;
    this.#video.hidden = !camera;
    need(this.#dialog, "[data-devices-none]").hidden = Boolean(camera);
    if (!this.#media.track("microphone")) this.#heard.replaceChildren(gettext("not on yet"));
  }

  #measure() {
    cancelAnimationFrame(this.#frame);
    if (!this.#media.track("microphone") || !this.#dialog.open) return;
    const level = this.#meter.read() ?? 0;
    const lit = blocksLit(level);
    this.#blocks.slice(0, BLOCKS).forEach((block, index) => block.classList.toggle("is-on", index < lit));
    const verdict = this.#watch.push(level, performance.now());
    const said = HEARD[verdict];
    if (this.#heard.textContent?.trim() !== said) {
      const sign = verdict === "heard" ? icon("check-circle", "fill") : icon("microphone");
      this.#heard.replaceChildren(sign, ` ${said}`);
    }
    this.#heard.className = verdict === "heard" ? "hc-good" : "";
    this.#frame = requestAnimationFrame(() => this.#measure());
  }

  /** @param {MediaTrouble|null} trouble */
  #explain(trouble) {
    const place = need(this.#dialog, "[data-devices-trouble]");
    if (!trouble) {
      place.replaceChildren();
      return;
    }
    place.replaceChildren(
      make("div", { class: "hc-box hc-box-caution" }, icon("warning", "fill"), make("div", {}, trouble.message)),
    );
  }

  /** @param {"yes"|"no"} ready @param {string} words */
  #say(ready, words) {
    this.#opener.dataset.ready = ready;
    need(this.#opener, "[data-devices-word]").textContent = words;
    const sign = ready === "yes" ? icon("check-circle", "fill") : icon("video-camera");
    this.#opener.querySelector("svg")?.replaceWith(sign);
    this.#ask.hidden = false;
    const asks = ready === "yes" ? gettext("Try camera and microphone") : gettext("Allow camera and microphone");
    need(this.#ask, "[data-devices-ask-word]").textContent = asks;
  }
}

/** @param {"camera"|"microphone"} name @returns {Promise<PermissionState|"unknown">} */
async function permission(name) {
  try {
    const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
    return status.state;
  } catch {
    return "unknown"; // Safari and older browsers do not tell
  }
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) === "yes";
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(REMEMBERED, "yes");
  } catch {
    // Then the button says "Set up" again next time.
  }
}
