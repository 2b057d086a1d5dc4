/** The pictures of the call: one tile per other seat, one's own movable tile, portraits, speaking, coming back. */

import { icon, make, markOnce, need, portrait, say, swapIcon } from "./dom.js";
import { plural } from "./clock.js";
import { SpeechWatch } from "./level.js";

/** @typedef {import("./types.js").SeatView} SeatView */
/** @typedef {import("./types.js").RemoteSeat} RemoteSeat */

const LISTEN_EVERY = 250;
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

/** One other person: picture, sound, name. */
class RemoteTile {
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

export class Tiles {
  #root;
  #alone;
  #onBlocked;
  #names;
  /** @type {Map<string, RemoteTile>} */
  #tiles = new Map();
  /** @type {SeatView[]} */
  #seats = [];
  #speaker = "";

  /**
   * @param {HTMLElement} root
   * @param {Object} options
   * @param {() => void} options.onBlocked the browser keeps the sound off
   * @param {(seat: SeatView) => string} options.name
   */
  constructor(root, { onBlocked, name }) {
    this.#root = root;
    this.#alone = need(root, "[data-alone]");
    this.#onBlocked = onBlocked;
    this.#names = name;
    setInterval(() => this.#tick(), LISTEN_EVERY);
  }

  /** @param {SeatView[]} seats everybody but oneself */
  setSeats(seats) {
    this.#seats = seats;
    const here = new Set(seats.map((seat) => seat.id));
    for (const [id, tile] of this.#tiles) {
      if (here.has(id)) continue;
      tile.remove();
      this.#tiles.delete(id);
    }
    for (const seat of seats) this.#tile(seat.id);
    this.#show();
  }

  /** @param {Map<string, RemoteSeat>} remote */
  attach(remote) {
    for (const [id, receivers] of remote) this.#tile(id).attach(receivers);
    for (const [id, tile] of this.#tiles) if (!remote.has(id)) tile.attach({});
    this.#show();
  }

  /** A press on the page: all sound may now be heard. */
  async unblock() {
    const heard = await Promise.all([...this.#tiles.values()].map((tile) => tile.play()));
    return heard.every(Boolean);
  }

  /** @param {string} id */
  setSpeaker(id) {
    this.#speaker = id;
    for (const tile of this.#tiles.values()) tile.speaker(id);
  }

  clear() {
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
    this.#seats = [];
  }

  /** @param {string} id */
  #tile(id) {
    const held = this.#tiles.get(id);
    if (held) return held;
    const tile = new RemoteTile(id, this.#onBlocked);
    this.#tiles.set(id, tile);
    this.#root.append(tile.root);
    if (this.#speaker) tile.speaker(this.#speaker);
    return tile;
  }

  #tick() {
    const now = performance.now();
    for (const tile of this.#tiles.values()) tile.listen(now);
    this.#show();
  }

  #show() {
    const now = performance.now();
    for (const seat of this.#seats) this.#tiles.get(seat.id)?.show(seat, now, this.#names(seat));
    const here = [...this.#tiles.values()].filter((tile) => !tile.away).length;
    this.#root.dataset.count = String(here);
    this.#alone.hidden = here > 0;
  }
}

const CORNERS = /** @type {const} */ (["top-left", "top-right", "bottom-right", "bottom-left"]);
/** @typedef {typeof CORNERS[number]} Corner */

/** One's own picture: in one of four corners, by menu, by arrows, by drag. */
export class OwnTile {
  #place;
  /** @type {{x: number, y: number}|null} */
  #grab = null;

  /** @param {HTMLElement} root @param {HTMLElement} place what its corners are the corners of */
  constructor(root, place) {
    this.root = root;
    this.#place = place;
    this.video = /** @type {HTMLVideoElement} */ (root.querySelector("video"));
    if (root.dataset.corner === "auto") this.corner = matchMedia("(min-width: 48rem)").matches ? "bottom-right" : "top-right";
    root.addEventListener("keydown", (event) => this.#keys(event));
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerup", (event) => this.#up(event));
    root.addEventListener("pointercancel", () => this.#rest());
  }

  /** @returns {Corner} */
  get corner() {
    return /** @type {Corner} */ (this.root.dataset.corner ?? "bottom-right");
  }

  /** @param {Corner} corner */
  set corner(corner) {
    this.root.dataset.corner = corner;
  }

  /** @param {MediaStreamTrack|null} camera @param {boolean} cameraOn @param {boolean} micOn */
  show(camera, cameraOn, micOn) {
    setPreview(this.video, cameraOn ? camera : null);
    this.video.hidden = !cameraOn;
    const words = ["You", ...(cameraOn ? [] : ["camera off"]), ...(micOn ? [] : ["muted"])].join(", ");
    const plate = this.root.querySelector(".hc-plate");
    if (plate) {
      say(plate.children[1], micOn ? "You" : "You, muted");
      swapIcon(plate, micOn ? "microphone" : "microphone-slash", "fill");
    }
    this.root.setAttribute("aria-label", `${words}. Arrow keys move your picture`);
  }

  /** @param {KeyboardEvent} event */
  #keys(event) {
    const [vertical, horizontal] = this.corner.split("-");
    const moved = {
      ArrowUp: `top-${horizontal}`,
      ArrowDown: `bottom-${horizontal}`,
      ArrowLeft: `${vertical}-left`,
      ArrowRight: `${vertical}-right`,
    }[event.key];
    if (!moved) return;
    event.preventDefault();
    this.corner = /** @type {Corner} */ (moved);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.#grab = { x: event.clientX, y: event.clientY };
    this.root.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#grab) return;
    this.root.style.translate = `${event.clientX - this.#grab.x}px ${event.clientY - this.#grab.y}px`;
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const grab = this.#grab;
    this.#rest();
    if (!grab || Math.hypot(event.clientX - grab.x, event.clientY - grab.y) < 12) return;
    const box = this.#place.getBoundingClientRect();
    const vertical = event.clientY < box.top + box.height / 2 ? "top" : "bottom";
    const horizontal = event.clientX < box.left + box.width / 2 ? "left" : "right";
    this.corner = `${vertical}-${horizontal}`;
  }

  #rest() {
    this.#grab = null;
    this.root.style.translate = "";
  }
}

/**
 * A preview shows the original track, not the copy that leaves: it is bright while the copy is still dark.
 * @param {HTMLVideoElement} video
 * @param {MediaStreamTrack|null} track
 */
export function setPreview(video, track) {
  const current = /** @type {MediaStream|null} */ (video.srcObject);
  if (current?.getTracks()[0] === (track ?? undefined)) return;
  video.srcObject = track ? new MediaStream([track]) : null;
  video.muted = true;
  if (track) video.play().catch(() => {});
}
