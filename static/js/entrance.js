/** On the way into a visit, for patients and guests alike: the device check, what helps when it fails, one's own picture while waiting. */

import { DeviceCheck, fillTrouble, ownState } from "./check.js";
import { need, say } from "./dom.js";
import { Findings } from "./findings.js";
import { LevelMeter } from "./level.js";
import { LocalMedia } from "./media.js";
import { setPreview } from "./own-tile.js";
import { toast } from "./toast.js";
import { TroubleBox } from "./trouble.js";
import { gettext } from "./words.js";

/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */
/** @typedef {"go-in"|"try"|"change"} Purpose why the device check is open */

/** What the button under the check says, by why it is open. @type {Record<Purpose, string>} */
const WORDS = { "go-in": gettext("Looks good, go on"), try: gettext("Back to your visit"), change: gettext("Back to the waiting room") };

/**
 * Everything of this name does `act` when it is pressed.
 * @param {string} name as in data-act
 * @param {(event: Event) => void} act
 */
export function onPress(name, act) {
  for (const each of document.querySelectorAll(`[data-act="${name}"]`)) {
    each.addEventListener("click", (event) => {
      event.preventDefault();
      act(event);
    });
  }
}

/** The steps before the visit. @type {Set<import("./steps.js").Step>} */
const BEFORE = new Set(["early", "door", "check", "trouble", "consent", "place", "waiting"]);

export class Entrance {
  #steps;
  #page;
  /** @type {MediaTrouble|null} */
  #trouble = null;
  /** @type {Purpose} */
  purpose = "go-in";

  /**
   * @param {import("./steps.js").Steps} steps
   * @param {Object} page
   * @param {string} page.path one visit's choices are no other's
   * @param {string} page.practitioner
   * @param {() => import("./room.js").Room|undefined} page.room undefined while the page is being made
   * @param {(purpose: Purpose) => boolean} page.inLine whether there is a place in line that trouble does not cost
   * @param {(purpose: Purpose) => void} page.onChecked
   */
  constructor(steps, page) {
    this.#steps = steps;
    this.#page = page;
    this.media = new LocalMedia({
      key: page.path,
      practitioner: page.practitioner,
      onChange: () => this.#changed(),
      onNotice: (text) => toast(text, { icon: "microphone" }),
      onTrouble: (trouble) => this.tell(trouble),
    });
    const waiting = steps.section("waiting");
    const check = steps.section("check");
    this.findings = new Findings(check, page.path, this.media, () => BEFORE.has(steps.current));
    this.check = new DeviceCheck(check, this.media, (trouble) => this.#show(trouble), (verdict) => this.findings.voice(verdict));
    this.caution = new TroubleBox(need(waiting, "[data-waiting-trouble]"), this.media, () => need(waiting, "[data-heading]").focus());
    this.#buttons();
  }

  /** @param {Purpose} purpose */
  open(purpose) {
    this.purpose = purpose;
    // The press that opens this page also lets it listen and sound later.
    LevelMeter.context();
    const section = this.#steps.section("check");
    need(section, "[data-step-count]").hidden = purpose !== "go-in";
    const held = /** @type {HTMLElement|null} */ (section.querySelector("[data-place-held]"));
    if (held) held.hidden = purpose !== "go-in";
    say(need(section, "[data-act=go-on] span"), WORDS[purpose]);
    this.#steps.show("check");
    void this.#start();
  }

  /**
   * The page begins with the check: after a press that came before this script did, which must not be pressed again; or
   * after a reload: then it goes on where the browser has been allowed already, else it waits for a press.
   */
  async resume() {
    if (this.media.asked || isPressed()) await this.#start();
    else this.#steps.show("door", { push: false, focus: false });
  }

  /** Called in blind or mute: the words come along into the call. @param {import("./room.js").Room} room */
  takeAlong(room) {
    if (!this.caution.trouble) return;
    room.trouble(this.caution.trouble);
    this.caution.hide();
  }

  /** Something with one's own devices failed: said where the person is. @param {MediaTrouble} trouble */
  tell(trouble) {
    const step = this.#steps.current;
    if (step === "waiting") this.findings.devices(trouble);
    if (step === "call") this.#page.room()?.trouble(trouble);
    else if (step === "check") this.#show(trouble);
    else if (step === "waiting") this.caution.show(trouble);
    else toast(trouble.message, { icon: "warning", button: gettext("Change devices"), onPress: () => this.open(this.purpose) });
  }

  #buttons() {
    const checked = () => {
      void this.findings.tell();
      this.#page.onChecked(this.purpose);
    };
    onPress("join", () => this.open("go-in"));
    onPress("try-devices", () => this.open("try"));
    onPress("change-devices", () => this.open("change"));
    onPress("go-on", checked);
    onPress("go-on-without-camera", async () => {
      await this.media.setCamera(false);
      checked();
    });
    onPress("try-again", () => this.#again());
    onPress("go-in-without", async () => {
      if (this.#trouble?.device !== "microphone") await this.media.setCamera(false);
      this.caution.hide();
      checked();
    });
  }

  async #start() {
    this.check.ready(false);
    this.check.note("");
    const started = this.media.start();
    // The question of the browser comes first: a line that is tried beside it asks for nothing.
    void this.findings.tryLine();
    const trouble = await started;
    this.check.ready(true);
    this.findings.devices(trouble);
    if (trouble?.code === "media.constraint") this.check.note(trouble.message);
    else if (trouble) this.#show(trouble);
    else this.check.note("");
  }

  /** @param {MediaTrouble} trouble */
  #show(trouble) {
    if (trouble.code === "media.constraint" || trouble.code === "media.prompt_open") {
      this.check.note(trouble.message);
      return;
    }
    this.#trouble = trouble;
    this.findings.devices(trouble);
    fillTrouble(this.#steps.section("trouble"), trouble, this.#page.inLine(this.purpose) ? gettext("Your place in line is kept.") : "");
    this.#steps.show("trouble", { push: this.#steps.current !== "check" });
  }

  async #again() {
    this.#steps.show("check", { push: false });
    if (this.#trouble?.device === "camera") this.media.choices.camera = true;
    await this.#start();
  }

  #changed() {
    this.check?.refresh();
    this.findings?.changed();
    const room = this.#page.room();
    room?.refresh();
    if (!room) return;
    const { cameraOn, micOn } = this.media;
    const waiting = this.#steps.section("waiting");
    const video = /** @type {HTMLVideoElement} */ (need(waiting, "[data-waiting-video]"));
    setPreview(video, cameraOn ? this.media.track("camera") : null);
    video.hidden = !cameraOn;
    ownState(need(waiting, "[data-own-state]"), cameraOn, micOn);
    this.caution?.refresh();
  }
}

/** Whether a link on this very page has led here. */
function isPressed() {
  const [how] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return how?.type === "navigate" && document.referrer.split("?")[0] === location.origin + location.pathname;
}
