/** One other person of the call: picture, sound, name, coming back. Where it stands is tiles.js. */

import { icon, make, markOnce, portrait, say, swapIcon } from "./dom.js";
import { plural } from "./clock.js";
import { SpeechWatch } from "./level.js";
import { depth, tileNote } from "./rungs.js";
import { StillPicture } from "./still-picture.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").SeatView} SeatView */
/** @typedef {import("./types.js").RemoteSeat} RemoteSeat */
/** @typedef {import("./types.js").Rung} Rung */

/**
 * What a tile tells besides picture and name.
 * @typedef {Object} Around
 * @property {string} name
 * @property {string} short the name inside a sentence
 * @property {Rung} mine on which rung the others reach me
 * @property {Rung} theirs on which rung I reach this person
 * @property {{short: string, words: string}} [trouble] what the relay measured of their line
 */

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
  /** @type {Rung} */
  #mine = "full";
  #still = new StillPicture();
  away = false;

  /**
   * @param {string} seat
   * @param {Object} options
   * @param {() => void} options.onBlocked the browser keeps the sound off
   * @param {() => void} options.onOpen the person's name was pressed
   */
  constructor(seat, { onBlocked, onOpen }) {
    this.#onBlocked = onBlocked;
    this.video = make("video", { autoplay: true, playsinline: true, "aria-hidden": "true" });
    this.video.muted = true;
    // The sound has an element of its own: a blocked sound must not keep the picture back.
    this.audio = make("audio", { autoplay: true });
    this.portrait = make("div", { class: "hc-tile-portrait" });
    this.back = make("div", { class: "hc-tile-back", hidden: true }, icon("arrows-clockwise", "bold"), make("p"));
    this.note = make("p", { class: "hc-tile-note", hidden: true }, make("span", { class: "hc-note-long" }), make("span", { class: "hc-note-short" }));
    const more = make("span", { class: "visually-hidden" }, gettext(": volume and size"));
    this.plate = make("button", { class: "hc-plate", type: "button", "aria-haspopup": "dialog" });
    this.plate.append(icon("microphone", "fill"), make("span"), more, icon("caret-up"));
    this.plate.addEventListener("click", onOpen);
    this.root = make("div", { class: "hc-tile", role: "group", "data-seat": seat });
    this.root.append(this.video, this.#still.canvas, this.audio, this.portrait, this.back, this.note, this.plate);
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
    const isOther = audio !== this.#receivers.audio || camera !== this.#receivers.camera;
    this.#receivers = receivers;
    this.#energy = null;
    // Another one counts from nought. That it is there is no sign yet of who is away.
    if (isOther) this.#packets = 0;
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

  /** 0..1; each voice has its own, so that an interpreter can be heard above the rest. */
  get volume() {
    return this.audio.volume;
  }

  set volume(volume) {
    this.audio.volume = volume;
    this.root.dataset.volume = String(volume);
  }

  /** @param {Uint8Array<ArrayBuffer>} jpeg */
  still(jpeg) {
    void this.#still.show(jpeg, performance.now());
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

  /** @param {SeatView} seat @param {number} now @param {Around} around */
  show(seat, now, around) {
    if (!this.portrait.firstChild) this.portrait.append(portrait(seat.face, seat.label));
    this.#climb(around.mine);
    const lost = !seat.connected || this.#stalled(seat, now);
    this.#backSince = lost ? (this.#backSince ?? now) : null;
    this.away = presence(this.#backSince, now) === "away" && now - this.#packetsAt > SILENT_LINE;
    this.root.hidden = this.away;
    this.back.hidden = !lost;
    this.#showPicture(!lost && seat.camera, now);
    if (lost) say(this.back.children[1], interpolate(gettext("Coming back, %(time)s"), { time: plural(Math.floor((now - (this.#backSince ?? now)) / 1000), "second") }));
    this.#showName(seat, lost, around.name);
    this.#showNote(lost ? [] : this.#notes(seat, now, around));
    this.root.dataset.lost = lost ? "yes" : "no";
    this.root.dataset.rung = around.theirs;
  }

  /** @param {Rung} mine */
  #climb(mine) {
    const before = this.#mine;
    this.#mine = mine;
    // Back to moving pictures: the last still stays until the first of them is here.
    if (depth(before) >= 2 && depth(mine) < 2 && this.#receivers.camera) this.#watchFrames();
  }

  /** @param {boolean} here somebody whose camera is on @param {number} now */
  #showPicture(here, now) {
    const moving = here && depth(this.#mine) < 2;
    const still = here && this.#still.isHere && (this.#mine === "stills" || (moving && !this.#picture));
    // For a moment the last moving picture stands in for the first still; for longer it would look like somebody who listens.
    const frozen = here && this.#mine === "stills" && this.#picture && this.#still.isAwaited(now);
    this.#still.canvas.hidden = !still;
    if ((moving && this.#picture) || this.#mine === "audio") this.#still.clear();
    this.portrait.hidden = (!here && !this.back.hidden) || still || frozen || (moving && this.#picture);
    this.video.hidden = !(moving || frozen);
  }

  /** @param {SeatView} seat @param {boolean} lost @param {string} name */
  #showName(seat, lost, name) {
    const speaking = !lost && seat.mic && this.root.dataset.speaking === "yes";
    this.root.classList.toggle("hc-tile-speaking", speaking);
    const sound = seat.mic ? (speaking ? [gettext("speaking")] : []) : [gettext("muted")];
    const words = [name, ...(seat.camera ? [] : [gettext("sound only")]), ...sound].join(", ");
    say(this.plate.children[1], words);
    swapIcon(this.plate, lost ? "wifi-x" : !seat.mic ? "microphone-slash" : speaking ? "speaker-high" : "microphone", "fill");
    this.root.setAttribute("aria-label", lost ? interpolate(gettext("%(name)s, coming back"), { name }) : words);
  }

  /** @param {SeatView} seat @param {number} now @param {Around} around @returns {{short: string, words: string}[]} */
  #notes(seat, now, { mine, theirs, trouble }) {
    const notes = [];
    if (mine === "stills" && seat.camera) notes.push(this.#still.words(now));
    if (mine === "audio" && seat.camera) notes.push({ short: "", words: gettext("No picture for now, the sound goes on") });
    if (theirs !== "full") notes.push({ short: gettext("Weak line"), words: tileNote(theirs) });
    if (trouble) notes.push(trouble);
    return notes;
  }

  /** @param {{short: string, words: string}[]} notes */
  #showNote(notes) {
    this.note.hidden = notes.length === 0;
    say(this.note.children[0], notes.map(({ words }) => words).join(". "));
    say(this.note.children[1], notes.find(({ short }) => short)?.short ?? "");
  }

  /** Packets came and stopped although something is switched on, and is meant to reach us. @param {SeatView} seat @param {number} now */
  #stalled(seat, now) {
    return (seat.mic || (seat.camera && depth(this.#mine) < 2)) && this.#packets > 0 && now - this.#packetsAt > SILENT_LINE;
  }

  /** @param {number} now */
  async listen(now) {
    const receivers = this.#receivers;
    const { audio, camera } = receivers;
    const [sound, picture] = await Promise.all([inbound(audio), inbound(camera)]);
    if (receivers !== this.#receivers) return; // what was counted is another line's
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
    this.#still.clear();
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
