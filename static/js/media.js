/** The person's own camera and microphone: asking, switching, falling back. It sends nothing; the peer does. */

import { explainMediaError, isPhone } from "./media-errors.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").MediaTrouble} MediaTrouble */
/** @typedef {"microphone"|"camera"} Device */

const PROMPT_WAIT = 15_000;
const MUTED_WAIT = 2_500;
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const INPUT = /** @type {const} */ ({ microphone: "audioinput", camera: "videoinput" });

/**
 * What was chosen on this page stays for a reload, in this tab only.
 * @typedef {{asked: boolean, mic: boolean, camera: boolean, microphoneId: string, cameraId: string, speakerId: string}} Choices
 */

export class LocalMedia {
  #devices;
  #storage;
  #key;
  #handlers;
  #practitioner;
  /** @type {Choices} */
  #choices = { asked: false, mic: true, camera: true, microphoneId: "", cameraId: "", speakerId: "" };
  /** @type {{microphone: MediaStreamTrack|null, camera: MediaStreamTrack|null}} */
  #tracks = { microphone: null, camera: null };
  /** Copies that leave this browser: dark and silent until the call, whatever one's own preview shows. */
  /** @type {{microphone: MediaStreamTrack|null, camera: MediaStreamTrack|null}} */
  #outgoing = { microphone: null, camera: null };
  #live = false;
  #stopped = true;
  /** @type {Promise<unknown>} */
  #asking = Promise.resolve();

  /**
   * @param {Object} options
   * @param {string} options.key one visit's choices are no other's
   * @param {string} options.practitioner
   * @param {() => void} options.onChange a track or a choice changed
   * @param {(text: string, undo?: () => void) => void} options.onNotice a device was changed for the person
   * @param {(trouble: MediaTrouble) => void} options.onTrouble something failed while the call runs
   * @param {MediaDevices} [options.devices]
   * @param {Storage} [options.storage]
   */
  constructor({ key, practitioner, onChange, onNotice, onTrouble, devices = navigator.mediaDevices, storage = sessionStorage }) {
    this.#devices = /** @type {MediaDevices|undefined} */ (devices);
    this.#storage = storage;
    this.#key = `housecall.media.${key}`;
    this.#practitioner = practitioner;
    this.#handlers = { onChange, onNotice, onTrouble };
    this.#load();
    this.#devices?.addEventListener?.("devicechange", () => this.#recover());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#recover();
    });
  }

  /** True once the person has pressed something that asks for devices, in this tab, and has not hung up since. */
  get asked() {
    return this.#choices.asked;
  }

  get micOn() {
    return this.#choices.mic && Boolean(this.#tracks.microphone);
  }

  get cameraOn() {
    return this.#choices.camera && Boolean(this.#tracks.camera);
  }

  get choices() {
    return this.#choices;
  }

  /** @param {Device} device */
  track(device) {
    return this.#tracks[device];
  }

  /** @param {Device} device */
  outgoing(device) {
    return this.#outgoing[device];
  }

  /** @param {boolean} live the others may see and hear */
  setLive(live) {
    this.#live = live;
    this.#apply();
  }

  /**
   * Asks for what the person wants. The voice matters most: it is asked for alone when the camera fails.
   * @param {{camera?: boolean, microphone?: boolean}} [want]
   * @returns {Promise<MediaTrouble|null>} what failed, to be said; the rest runs
   */
  async start({ camera = this.#choices.camera, microphone = true } = {}) {
    this.#remember({ asked: true, camera });
    return this.#ensure({ camera, microphone });
  }

  /**
   * For a page that begins in the middle: as it was in this tab, else with what the browser gives without a question.
   * @returns {Promise<MediaTrouble|null>} what failed, or what stays off until a press
   */
  async resume() {
    if (this.#choices.asked) return this.start();
    const [camera, microphone] = await Promise.all([this.#allowed("camera"), this.#allowed("microphone")]);
    if (camera && microphone) return this.start();
    const trouble = camera || microphone ? await this.#ensure({ camera, microphone }) : null;
    return trouble ?? this.#explain({ name: "media.off" }, camera ? "microphone" : microphone ? "camera" : "both");
  }

  /** A browser that does not say so still names the devices that a page may use. @param {Device} device */
  async #allowed(device) {
    return (await isGranted(device)) ?? (await this.list(INPUT[device])).some((each) => each.label);
  }

  /** @param {{camera: boolean, microphone: boolean}} want @returns {Promise<MediaTrouble|null>} */
  async #ensure({ camera, microphone }) {
    this.#stopped = false;
    if (!this.#devices?.getUserMedia) return this.#explain({ name: "SecurityError" }, "both");
    const needsCamera = camera && !alive(this.#tracks.camera);
    const needsMic = microphone && !alive(this.#tracks.microphone);
    let trouble = null;
    if (needsCamera && needsMic) {
      const both = await this.#ask({ microphone: true, camera: true });
      if (!both) return null;
      trouble = both.trouble && (await this.#separately(both.error));
    } else if (needsCamera || needsMic) {
      trouble = (await this.#ask({ microphone: needsMic, camera: needsCamera }))?.trouble ?? null;
    }
    this.#apply();
    return trouble;
  }

  /** @param {unknown} error of asking for both at once */
  async #separately(error) {
    const denied = isDenied(error);
    const voice = await this.#ask({ microphone: true, camera: false });
    // After a "no" the camera is asked for again only where the browser would not put the same question once more.
    const picture = !denied || (await isGranted("camera")) ? await this.#ask({ microphone: false, camera: true }) : null;
    if (!voice?.trouble) return picture ? picture.trouble : this.#explain(named(error), "camera");
    if (picture && !picture.trouble) return voice.trouble;
    return this.#explain(named(denied ? error : voice.error), "both");
  }

  /** @param {boolean} on */
  async setMic(on) {
    this.#remember({ mic: on });
    let trouble = null;
    if (on && !alive(this.#tracks.microphone)) trouble = await this.#ensure({ camera: false, microphone: true });
    this.#apply();
    return trouble;
  }

  /**
   * Off gives the camera back, so that its light goes out.
   * @param {boolean} on
   * @returns {Promise<MediaTrouble|null>}
   */
  async setCamera(on) {
    this.#remember({ camera: on });
    if (!on) {
      this.#release("camera");
      this.#apply();
      return null;
    }
    const trouble = await this.#ensure({ camera: true, microphone: false });
    if (trouble && trouble.code !== "media.constraint") this.#remember({ camera: false });
    this.#apply();
    return trouble;
  }

  /**
   * @param {Device} device
   * @param {string} id
   * @returns {Promise<MediaTrouble|null>}
   */
  async choose(device, id) {
    this.#remember(device === "camera" ? { cameraId: id, camera: true } : { microphoneId: id });
    // Phones open one camera at a time: the old one goes first.
    this.#release(device);
    const answer = await this.#ask({ microphone: device === "microphone", camera: device === "camera" });
    this.#apply();
    return answer?.trouble ?? null;
  }

  /** @param {string} id */
  chooseSpeaker(id) {
    this.#remember({ speakerId: id });
    this.#handlers.onChange();
  }

  /** The next camera: front and back on a phone. */
  async switchCamera() {
    const cameras = await this.list("videoinput");
    const current = this.#tracks.camera?.getSettings().deviceId;
    const index = cameras.findIndex((each) => each.deviceId === current);
    const next = cameras[(index + 1) % cameras.length];
    return next ? this.choose("camera", next.deviceId) : null;
  }

  /** @param {MediaDeviceKind} kind @returns {Promise<MediaDeviceInfo[]>} */
  async list(kind) {
    const all = (await this.#devices?.enumerateDevices?.().catch(() => [])) ?? [];
    return all.filter((each) => each.kind === kind && each.deviceId);
  }

  /** Hung up: also after a reload nothing is switched on before the next press. */
  hangUp() {
    this.#remember({ asked: false });
    this.stop();
  }

  stop() {
    this.#stopped = true;
    this.#release("camera");
    this.#release("microphone");
    this.#handlers.onChange();
  }

  /**
   * @param {{microphone: boolean, camera: boolean}} want
   * @returns {Promise<{trouble: MediaTrouble|null, error?: unknown}|null>} null when stopped meanwhile
   */
  async #ask(want) {
    const turn = this.#asking.then(() => this.#askNow(want));
    this.#asking = turn.catch(() => {});
    return turn;
  }

  /** @param {{microphone: boolean, camera: boolean}} want @returns {Promise<{trouble: MediaTrouble|null, error?: unknown}|null>} */
  async #askNow(want) {
    const device = want.microphone && want.camera ? "both" : want.camera ? "camera" : "microphone";
    const slow = setTimeout(() => this.#handlers.onTrouble(this.#explain({ name: "media.prompt_open" }, device)), PROMPT_WAIT);
    try {
      const { stream, changed } = await this.#open(want);
      if (this.#stopped) {
        stream.getTracks().forEach((track) => track.stop());
        return null;
      }
      for (const track of stream.getTracks()) this.#take(track);
      return { trouble: changed ? this.#explain({ name: "media.constraint" }, device) : null };
    } catch (error) {
      return { trouble: this.#explain(named(error), device), error };
    } finally {
      clearTimeout(slow);
    }
  }

  /** @param {{microphone: boolean, camera: boolean}} want */
  async #open(want) {
    const devices = /** @type {MediaDevices} */ (this.#devices);
    const { microphoneId, cameraId } = this.#choices;
    const exact = (/** @type {string} */ id) => (id ? { deviceId: { exact: id } } : {});
    try {
      const stream = await devices.getUserMedia({
        audio: want.microphone && { ...MICROPHONE, ...exact(microphoneId) },
        video: want.camera && { ...CAMERA, ...exact(cameraId) },
      });
      return { stream, changed: false };
    } catch (error) {
      const gone = error instanceof DOMException && /Overconstrained|NotFound/.test(error.name);
      if (!gone || (!microphoneId && !cameraId)) throw error;
      this.#remember({ ...(want.microphone && { microphoneId: "" }), ...(want.camera && { cameraId: "" }) });
      const stream = await devices.getUserMedia({ audio: want.microphone && MICROPHONE, video: want.camera && CAMERA });
      return { stream, changed: true };
    }
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    const device = track.kind === "audio" ? "microphone" : "camera";
    this.#release(device);
    this.#tracks[device] = track;
    const copy = track.clone();
    copy.enabled = false;
    if (device === "camera") copy.contentHint = "motion";
    this.#outgoing[device] = copy;
    // The browser tells of a lost device or a phone call taking the microphone by these two.
    track.onended = () => this.#recover();
    track.onmute = () => setTimeout(() => this.#recover(), MUTED_WAIT);
    this.#apply();
  }

  /** @param {Device} device */
  #release(device) {
    for (const track of [this.#tracks[device], this.#outgoing[device]]) {
      if (!track) continue;
      track.onended = track.onmute = null;
      track.stop();
    }
    this.#tracks[device] = this.#outgoing[device] = null;
  }

  /** Puts back what ended, or was taken away by the system, as soon as the page is seen again. */
  async #recover() {
    if (this.#stopped || document.hidden) return;
    for (const device of /** @type {Device[]} */ (["microphone", "camera"])) {
      const track = this.#tracks[device];
      if (!track || (alive(track) && !track.muted)) continue;
      const lost = track.label;
      const missing = !(await this.list(INPUT[device])).some((each) => each.label === lost);
      if (missing) this.#remember(device === "camera" ? { cameraId: "" } : { microphoneId: "" });
      this.#release(device);
      const answer = await this.#ask({ microphone: device === "microphone", camera: device === "camera" });
      this.#apply();
      if (answer?.trouble) this.#handlers.onTrouble(answer.trouble);
      else if (missing && answer) this.#tell(device, lost);
    }
  }

  /** @param {Device} device @param {string} lost label of what was unplugged */
  #tell(device, lost) {
    const other = device === "camera" ? gettext("another camera") : gettext("another microphone");
    const own = device === "camera" ? gettext("Your camera") : gettext("Your microphone");
    const values = { lost: lost || own, now: this.#tracks[device]?.label || other };
    this.#handlers.onNotice(interpolate(gettext("%(lost)s is gone. Now using %(now)s."), values));
  }

  #apply() {
    const { mic, camera } = this.#choices;
    if (this.#outgoing.microphone) this.#outgoing.microphone.enabled = this.#live && mic;
    if (this.#outgoing.camera) this.#outgoing.camera.enabled = this.#live && camera;
    this.#handlers.onChange();
  }

  /** @param {{name?: string, message?: string}} error @param {"camera"|"microphone"|"both"} device */
  #explain(error, device) {
    return explainMediaError(error, { device, practitioner: this.#practitioner, phone: isPhone(navigator.userAgent) });
  }

  #load() {
    try {
      Object.assign(this.#choices, JSON.parse(this.#storage.getItem(this.#key) ?? "{}"));
    } catch {
      // A browser that keeps nothing still holds a visit.
    }
  }

  /** @param {Partial<Choices>} change */
  #remember(change) {
    Object.assign(this.#choices, change);
    try {
      this.#storage.setItem(this.#key, JSON.stringify(this.#choices));
    } catch {
      // As above.
    }
  }
}

/** @param {MediaStreamTrack|null} track */
function alive(track) {
  return track?.readyState === "live";
}

/** @param {unknown} error */
function isDenied(error) {
  return error instanceof DOMException && error.name === "NotAllowedError";
}

/** @param {unknown} error @returns {{name?: string, message?: string}} */
function named(error) {
  return error instanceof Error || error instanceof DOMException ? error : {};
}

/** @param {Device} name @returns {Promise<boolean|null>} null where the browser does not tell */
async function isGranted(name) {
  try {
    const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
    return status.state === "granted";
  } catch {
    return null;
  }
}
