/** In place of camera and microphone: a drawing that nods now and then, with a soft hum. Knows no page; demo only. */

import { gettext } from "./words.js";

const SIZE = { width: 640, height: 480 };
/** Every so many ticks of the clock a picture, which makes 12 a second. */
const TICKS = 4;
const RATE = 48_000;
const NOD_EVERY = 4_000;
const NOD = 900;
const LOUD = 0.06;
/** A room is never quite still: a microphone that hears nothing at all is taken for a broken one. */
const BREATH = 0.002;
const PITCH = 196;
/** After a machine that stood still nobody wants to hear what was missed. */
const LONGEST = 200;

/** @param {number} at in ms @returns {number} how far the head is down, 0 to 1 */
export function nod(at) {
  const since = at % NOD_EVERY;
  return since < NOD ? Math.sin((Math.PI * since) / NOD) ** 2 : 0;
}

/** @param {number} from in ms @param {number} count samples @returns {Float32Array<ArrayBuffer>} */
export function hum(from, count) {
  const sound = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    const ms = from + (at * 1_000) / RATE;
    sound[at] = (BREATH + LOUD * nod(ms)) * Math.sin((2 * Math.PI * PITCH * ms) / 1_000);
  }
  return sound;
}

export class DrawnDevices {
  #art;
  #canvas = Object.assign(document.createElement("canvas"), SIZE);
  /** @type {HTMLImageElement|null} */
  #face = null;
  #picture = source("video", () => this.#canvas.captureStream(1_000 / (20 * TICKS)).getVideoTracks()[0]);
  #sound = source("audio", () => new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]);
  /** @type {Promise<void>} */
  #ready;
  #clock = new Worker(new URL("./pretend-clock.js", import.meta.url));
  #began = performance.now();
  #heard = 0;
  #ticks = 0;

  /** @param {string} art address of an SVG */
  constructor(art) {
    this.#art = art;
    this.#ready = this.#load();
    this.#clock.onmessage = () => this.#tick();
  }

  /** @param {MediaDevices} devices */
  replace(devices) {
    const both = /** @type {const} */ ([["videoinput", gettext("A drawing")], ["audioinput", gettext("A soft hum")]]);
    const listed = both.map(([kind, label]) => ({ kind, label, deviceId: kind, groupId: "", toJSON: () => ({ kind, label }) }));
    Object.assign(devices, {
      /** @param {MediaStreamConstraints} wish */
      getUserMedia: async (wish) => {
        await this.#ready;
        // Copies: whoever asked may end them, and ask again.
        return new MediaStream([...(wish.audio ? [this.#sound.track.clone()] : []), ...(wish.video ? [this.#picture.track.clone()] : [])]);
      },
      enumerateDevices: async () => listed,
    });
  }

  stop() {
    this.#clock.terminate();
    this.#picture.track.stop();
    this.#sound.track.stop();
  }

  async #load() {
    const drawn = await (await fetch(this.#art)).text();
    // Without a size of its own not every browser draws it on a canvas.
    const sized = drawn.replace("<svg ", '<svg width="352" height="428" ');
    const face = new Image();
    face.src = URL.createObjectURL(new Blob([sized], { type: "image/svg+xml" }));
    await face.decode();
    this.#face = face;
    this.#draw(0);
  }

  #tick() {
    if (!this.#face) return;
    const at = performance.now() - this.#began;
    const passed = at - this.#heard;
    if (passed > LONGEST) this.#heard = at - LONGEST;
    const count = Math.floor(((at - this.#heard) * RATE) / 1_000);
    // Ticks that a busy machine has kept back come all at once.
    if (count < 1) return;
    this.#sound.push?.(() => soundOf(this.#heard, count));
    this.#heard += (count * 1_000) / RATE;
    this.#ticks += 1;
    if (this.#ticks % TICKS) return;
    this.#draw(at);
    this.#picture.push?.(() => new VideoFrame(this.#canvas, { timestamp: Math.round(at * 1_000) }));
  }

  /** @param {number} at */
  #draw(at) {
    const context = this.#canvas.getContext("2d");
    if (!context || !this.#face) return;
    const { width, height } = SIZE;
    const style = getComputedStyle(document.documentElement);
    context.fillStyle = style.getPropertyValue("--hc-door");
    context.fillRect(0, 0, width, height);
    context.save();
    // The doorway of the house: an arch with lamplight in it.
    const wide = 330;
    const left = (width - wide) / 2;
    context.beginPath();
    context.roundRect(left, 40, wide, height, [wide / 2, wide / 2, 0, 0]);
    context.clip();
    context.fillStyle = style.getPropertyValue("--hc-lamp");
    context.fillRect(left, 0, wide, height);
    const sway = 3 * Math.sin(at / 1_300);
    context.drawImage(this.#face, left - 10 + sway, 50 + 22 * nod(at), wide + 20, ((wide + 20) * 428) / 352);
    context.restore();
  }
}

/** @param {number} from @param {number} count */
function soundOf(from, count) {
  const timestamp = Math.round(from * 1_000);
  return new AudioData({ format: "f32", sampleRate: RATE, numberOfFrames: count, numberOfChannels: 1, timestamp, data: hum(from, count) });
}

/**
 * A track that is fed by hand where the browser has such, because it goes on in a hidden tab; else one of its own making.
 * @param {"audio"|"video"} kind
 * @param {() => MediaStreamTrack} other
 * @returns {{track: MediaStreamTrack, push?: (make: () => {close: () => void}) => void}}
 */
function source(kind, other) {
  const Generator = /** @type {any} */ (globalThis).MediaStreamTrackGenerator;
  if (!Generator) return { track: other() };
  const track = new Generator({ kind });
  const writer = track.writable.getWriter();
  const push = (/** @type {() => {close: () => void}} */ make) => {
    // What nobody takes in time is let go: the next one is newer.
    if (track.readyState !== "live" || writer.desiredSize <= 0) return;
    const made = make();
    writer.write(made).catch(() => made.close());
  };
  return { track, push };
}
