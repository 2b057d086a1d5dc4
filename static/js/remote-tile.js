/** One other person of the call: picture, sound, name, coming back. Where it stands is tiles.js. */

import { icon, make, markOnce, portrait, say, swapIcon } from "./dom.js";
import { plural } from "./clock.js";
import { SpeechWatch } from "./level.js";

/** @typedef {import("./types.js").SeatView} SeatView */
/** @typedef {import("./types.js").RemoteSeat} RemoteSeat */

const SILENT_LINE = 4_000;
/** Whoever is away for longer is not coming back this moment: the words are then those of somebody who left. */
const AWAY_AFTER = 30_000;

/**
 * @param {number|null} since when the person was lost, null when they are here
 * @param {number} now
 * @returns {"here"|"coming-back"|"away"}
 */
export function presence(since, now) {
  if (since === null) return "here";
  return now - since < AWAY_AFTER ? "coming-back" : "away";
}

export class RemoteTile {
  #speech = new SpeechWatch();
  /** @type {{energy: number, duration: number}|null} */
  #energy = null;
  #packets = 0;
  #packetsAt = 0;
  /** @type {number|null} */
  #backSince = null;
  /** @type {RemoteSeat} */
  #receivers = {};
  #onBlocked;
  #picture = false;
  away = false;

  /** @param {string} seat @param {() => void} onBlocked */
  constructor(seat, onBlocked) {
    this.#onBlocked = onBlocked;
    this.video = make("video", { autoplay: true, playsinline: true, "aria-hidden": "true" });
    this.video.muted = true;
    // The sound has an element of its own: a blocked sound must not keep the picture back.
    this.audio = make("audio", { autoplay: true });
    this.portrait = make("div", { class: "hc-tile-portrait" });
    this.back = make("div", { class: "hc-tile-back", hidden: true }, icon("arrows-clockwise", "bold"), make("p"));
    this.plate = make("p", { class: "hc-plate" }, icon("microphone", "fill"), make("span"));
    this.root = make("div", { class: "hc-tile", role: "group", "data-seat": seat }, this.video, this.audio, this.portrait, this.back, this.plate);
    this.video.addEventListener("resize", () => {
      this.root.dataset.width = String(this.video.videoWidth);
      if (this.video.videoWidth >= 1280) markOnce("full-size-remote-frame");
    });
  }

  /** @param {RemoteSeat} receivers */
  attach(receivers) {
    const { audio, camera } = receivers;
    if (audio && audio !== this.#receivers.audio) {
      this.audio.srcObject = new MediaStream([audio.track]);
      this.play();
    }
    if (camera && camera !== this.#receivers.camera) {
      this.video.srcObject = new MediaStream([camera.track]);
      this.video.play().catch(() => {});
      this.#watchFrames();
    }
    if (!audio) this.audio.srcObject = null;
    if (!camera) {
      this.video.srcObject = null;
      this.#picture = false;
    }
    this.#receivers = receivers;
    this.#packetsAt = performance.now();
    this.#energy = null;
  }

  /** @returns {Promise<boolean>} whether sound may be heard */
  async play() {
    try {
      await this.audio.play();
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#onBlocked();
      return false;
    }
  }

  /** @param {string} id */
  async speaker(id) {
    const audio = /** @type {HTMLAudioElement & {setSinkId?: (id: string) => Promise<void>}} */ (this.audio);
    await audio.setSinkId?.(id).catch(() => {});
  }

  #watchFrames() {
    this.#picture = false;
    const seen = () => {
      this.#picture = true;
      this.root.dataset.frames = "yes";
      markOnce("first-remote-frame");
      document.documentElement.dataset.firstRemoteFrame ??= String(Math.round(performance.timeOrigin + performance.now()));
    };
    if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(seen);
    else /** @type {HTMLVideoElement} */ (this.video).addEventListener("timeupdate", seen, { once: true });
  }

  /** @param {SeatView} seat @param {number} now @param {string} name */
  show(seat, now, name) {
    if (!this.portrait.firstChild) this.portrait.append(portrait(seat.face, seat.label));
    const lost = !seat.connected || this.#stalled(seat, now);
    this.#backSince = lost ? (this.#backSince ?? now) : null;
    this.away = presence(this.#backSince, now) === "away" && now - this.#packetsAt > SILENT_LINE;
    this.root.hidden = this.away;
    this.back.hidden = !lost;
    this.portrait.hidden = lost || (seat.camera && this.#picture);
    // The last picture of somebody who is away is taken off: it would look like a person who listens.
    this.video.hidden = lost || !seat.camera;
    if (lost) say(this.back.children[1], `Coming back, ${plural(Math.floor((now - (this.#backSince ?? now)) / 1000), "second")}`);
    const speaking = !lost && seat.mic && this.root.dataset.speaking === "yes";
    this.root.classList.toggle("hc-tile-speaking", speaking);
    const words = [name, ...(seat.camera ? [] : ["sound only"]), ...(seat.mic ? (speaking ? ["speaking"] : []) : ["muted"])].join(", ");
    say(this.plate.children[1], words);
    swapIcon(this.plate, lost ? "wifi-x" : !seat.mic ? "microphone-slash" : speaking ? "speaker-high" : "microphone", "fill");
    this.root.setAttribute("aria-label", lost ? `${name}, coming back` : words);
    this.root.dataset.lost = lost ? "yes" : "no";
  }

  /** Packets came and stopped although something is switched on. @param {SeatView} seat @param {number} now */
  #stalled(seat, now) {
    return (seat.mic || seat.camera) && this.#packets > 0 && now - this.#packetsAt > SILENT_LINE;
  }

  /** @param {number} now */
  async listen(now) {
    const { audio, camera } = this.#receivers;
    const [sound, picture] = await Promise.all([inbound(audio), inbound(camera)]);
    this.#loudness(sound, now);
    const frames = picture?.framesDecoded ?? 0;
    if (this.#picture) this.root.dataset.frameCount = String(frames);
    const packets = (sound?.packetsReceived ?? 0) + frames;
    if (packets !== this.#packets) {
      this.#packets = packets;
      this.#packetsAt = now;
    }
  }

  /** How loud it was since the last look; what was really decoded, not what was promised. @param {any} sound @param {number} now */
  #loudness(sound, now) {
    const energy = { energy: sound?.totalAudioEnergy ?? 0, duration: sound?.totalSamplesDuration ?? 0 };
    const before = this.#energy;
    this.#energy = energy;
    if (!before || energy.duration <= before.duration) return;
    const level = Math.sqrt(Math.max(0, energy.energy - before.energy) / (energy.duration - before.duration));
    this.root.dataset.audioLevel = level.toFixed(4);
    if (level > 0.001) this.root.dataset.heard = "yes";
    this.root.dataset.speaking = this.#speech.push(level, now) ? "yes" : "no";
  }

  remove() {
    this.audio.srcObject = null;
    this.video.srcObject = null;
    this.root.remove();
  }
}

/** @param {RTCRtpReceiver|undefined} receiver @returns {Promise<any>} its inbound-rtp statistics */
async function inbound(receiver) {
  const report = await receiver?.getStats().catch(() => null);
  let found = null;
  report?.forEach((stat) => {
    if (stat.type === "inbound-rtp") found = stat;
  });
  return found;
}
