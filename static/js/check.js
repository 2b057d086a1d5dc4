/** The device check: own picture, level meter, microphone picker, toggles, and the page that explains a failure. */

import { icon, make, need, say, swapIcon } from "./dom.js";
import { BLOCKS, LevelMeter, SilenceWatch, blocksLit } from "./level.js";
import { explainMediaError, signOf } from "./media-errors.js";
import { fill } from "./options.js";
import { setPreview } from "./own-tile.js";
import { fillSteps } from "./trouble.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./media.js").LocalMedia} LocalMedia */
/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */

export class DeviceCheck {
  #root;
  #media;
  #meter = new LevelMeter();
  #silence = new SilenceWatch();
  #onTrouble;
  #onVoice;
  /** @type {HTMLElement[]} */
  #blocks;
  #lit = -1;
  #ready = false;

  /**
   * @param {HTMLElement} root
   * @param {LocalMedia} media
   * @param {(trouble: MediaTrouble) => void} onTrouble
   * @param {(verdict: "off"|"listening"|"heard"|"silent") => void} onVoice
   */
  constructor(root, media, onTrouble, onVoice) {
    this.#root = root;
    this.#media = media;
    this.#onTrouble = onTrouble;
    this.#onVoice = onVoice;
    const meter = need(root, "[data-meter]");
    this.#blocks = Array.from({ length: BLOCKS }, () => make("i"));
    meter.replaceChildren(...this.#blocks);
    need(root, "[data-toggle=camera]").addEventListener("click", async () => this.#said(await media.setCamera(!media.cameraOn)));
    need(root, "[data-toggle=mic]").addEventListener("click", async () => this.#said(await media.setMic(!media.micOn)));
    const picker = /** @type {HTMLSelectElement} */ (need(root, "[data-pick-mic]"));
    picker.addEventListener("change", async () => this.#said(await media.choose("microphone", picker.value)));
    setInterval(() => this.#tick(), 100);
  }

  /** @param {MediaTrouble|null} trouble */
  #said(trouble) {
    if (trouble) this.#onTrouble(trouble);
  }

  /** @param {string} text a notice about devices, above the picture; "" takes it away */
  note(text) {
    const box = need(this.#root, "[data-check-note]");
    say(need(box, "p"), text);
    box.hidden = !text;
  }

  /** Devices were asked for and have answered, one way or the other. @param {boolean} ready */
  ready(ready) {
    this.#ready = ready;
    this.refresh();
  }

  refresh() {
    const { micOn, cameraOn } = this.#media;
    const camera = this.#media.track("camera");
    setPreview(/** @type {HTMLVideoElement} */ (need(this.#root, "[data-preview]")), cameraOn ? camera : null);
    need(this.#root, "[data-preview]").hidden = !cameraOn;
    const empty = need(this.#root, "[data-preview-empty]");
    empty.hidden = cameraOn;
    say(need(empty, "p"), this.#ready ? gettext("Your camera is off. They hear you and see your name.") : gettext("Your picture comes here once you allow the camera."));
    this.#toggle("camera", cameraOn, [gettext("Camera on"), gettext("Camera off")], ["video-camera", "video-camera-slash"]);
    this.#toggle("mic", micOn, [gettext("Mic on"), gettext("Mic off")], ["microphone", "microphone-slash"]);
    const track = this.#media.track("microphone");
    if (track) void this.#fillPicker(track);
    this.#meter.listen(track);
    need(this.#root, "[data-go-on-without]").hidden = !cameraOn;
  }

  /** @param {MediaStreamTrack} track */
  async #fillPicker(track) {
    const picker = need(this.#root, "[data-pick-mic]");
    const devices = await this.#media.list("audioinput");
    const known = [...picker.children].map((each) => /** @type {HTMLOptionElement} */ (each).value).join();
    const chosen = track.getSettings().deviceId;
    if (known === devices.map((each) => each.deviceId).join() && /** @type {HTMLSelectElement} */ (picker).value === chosen) return;
    await fill(picker, devices, track);
  }

  /** @param {string} name @param {boolean} on @param {[string, string]} words @param {[string, string]} icons */
  #toggle(name, on, words, icons) {
    const button = need(this.#root, `[data-toggle=${name}]`);
    button.setAttribute("aria-pressed", String(on));
    say(need(button, "span"), words[on ? 0 : 1]);
    swapIcon(button, icons[on ? 0 : 1], "fill");
  }

  #tick() {
    if (this.#root.hidden) return;
    const { micOn } = this.#media;
    const level = micOn ? this.#meter.read() : 0;
    this.#light(level === null ? 0 : blocksLit(level));
    const verdict = !micOn ? "off" : level === null ? "listening" : this.#silence.push(level, performance.now());
    this.#verdict(verdict);
  }

  /** @param {number} lit */
  #light(lit) {
    if (lit === this.#lit) return;
    this.#lit = lit;
    this.#blocks.forEach((block, index) => block.classList.toggle("is-on", index < lit));
  }

  /** @param {"off"|"listening"|"heard"|"silent"} verdict */
  #verdict(verdict) {
    const line = need(this.#root, "[data-verdict]");
    if (line.dataset.verdict === verdict) return;
    line.dataset.verdict = verdict;
    this.#onVoice(verdict);
    const [words, sign, css] = {
      off: [gettext("Mic off"), "microphone-slash", "hc-soft"],
      listening: [gettext("Say a few words"), "microphone", "hc-soft"],
      heard: [gettext("We hear you"), "check-circle", "hc-good"],
      silent: [gettext("We hear nothing"), "warning-circle", "hc-bad"],
    }[verdict];
    line.className = `hc-verdict ${css}`;
    swapIcon(line, sign, "fill");
    say(need(line, "span"), words);
    const note = need(this.#root, "[data-silent]");
    note.hidden = verdict !== "silent";
    if (verdict === "silent") say(need(note, "p"), explainMediaError({ name: "media.silent" }).message);
  }
}

/**
 * Fills the page that explains what failed, with the presses for this very browser.
 * @param {HTMLElement} root
 * @param {MediaTrouble} trouble
 * @param {string} kept what still holds: "Your place in line is kept."
 */
export function fillTrouble(root, trouble, kept) {
  root.dataset.code = trouble.code;
  swapIcon(need(root, "[data-trouble-tag]"), signOf(trouble), "fill");
  say(need(root, "[data-trouble-tag] span"), trouble.tag);
  say(need(root, "[data-heading]"), trouble.title);
  // The heading says the first sentence already.
  const rest = trouble.message.replace(`${trouble.title}. `, "");
  say(need(root, "[data-trouble-message]"), `${kept} ${rest}`.trim());
  need(root, "[data-trouble-card]").hidden = fillSteps(root, trouble) === 0;
  need(root, "[data-try-again]").hidden = trouble.action === "other-browser";
  const way = need(root, "[data-way-out]");
  if (trouble.action === "other-browser") void import("./way-out.js").then(({ keptLink, showWayOut }) => showWayOut(way, keptLink(location.pathname), way.dataset.system ?? ""));
  else way.hidden = true;
  const without = {
    camera: gettext("Go in with sound only"),
    microphone: gettext("Go in without a microphone"),
    both: gettext("Go in without camera and microphone"),
  };
  const other = need(root, "[data-go-in-without]");
  say(need(other, "span"), without[trouble.device]);
  swapIcon(other, trouble.device === "camera" ? "microphone" : "chat-text");
  say(need(root, "[data-trouble-desk]"), interpolate(gettext("Tell them “%(code)s”."), { code: trouble.desk }));
}

/** @param {HTMLElement} place @param {boolean} cameraOn @param {boolean} micOn */
export function ownState(place, cameraOn, micOn) {
  const line = (/** @type {string} */ name, /** @type {string} */ words) => make("p", {}, icon(name, "fill"), words);
  place.replaceChildren(
    line(cameraOn ? "video-camera" : "video-camera-slash", cameraOn ? gettext("Camera on") : gettext("Camera off")),
    line(micOn ? "microphone" : "microphone-slash", micOn ? gettext("Mic on") : gettext("Mic off")),
  );
}
