/** Still pictures for a line too weak for moving ones: making one's own, and reading the others'. Sending and showing are elsewhere. */

import { gettext, interpolate, ngettext } from "./words.js";

const WIDTH = 320;
const MOST_BYTES = 8_192;
const EVERY = 3_000;
const QUALITIES = [0.7, 0.55, 0.4, 0.3, 0.2, 0.12];
/** A picture of a visit is small; whoever sends a larger one wants something else. */
const MOST_PIXELS = 640;

/** @typedef {(width: number, quality: number) => Promise<Blob|null>} Encode */

/**
 * The best picture that fits: less quality first, then less size.
 * @param {Encode} encode
 * @returns {Promise<Blob|null>}
 */
export async function smallEnough(encode) {
  for (const width of [WIDTH, WIDTH * 0.75, WIDTH / 2]) {
    for (const quality of QUALITIES) {
      const blob = await encode(width, quality);
      if (!blob) return null;
      if (blob.size <= MOST_BYTES) return blob;
    }
  }
  return null;
}

/** Takes a picture of one's camera every three seconds while somebody needs it. */
export class StillCamera {
  #source;
  #send;
  #canvas = /** @type {HTMLCanvasElement|null} */ (null);
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;
  #busy = false;

  /**
   * @param {() => HTMLVideoElement|null} source one's own picture; null while the camera is off or nobody may see it
   * @param {(jpeg: string) => void} send base64
   */
  constructor(source, send) {
    this.#source = source;
    this.#send = send;
  }

  /** @param {boolean} wanted */
  want(wanted) {
    if (!wanted) return this.stop();
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#take(), EVERY);
    void this.#take();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #take() {
    const video = this.#source();
    if (this.#busy || !video?.videoWidth || document.hidden) return;
    this.#busy = true;
    try {
      const blob = await smallEnough((width, quality) => this.#encode(video, width, quality));
      // The camera may have been switched off while the picture was made.
      if (blob && this.#timer !== undefined && this.#source()) this.#send(await base64(blob));
    } finally {
      this.#busy = false;
    }
  }

  /** @type {(video: HTMLVideoElement, width: number, quality: number) => Promise<Blob|null>} */
  #encode(video, width, quality) {
    this.#canvas ??= document.createElement("canvas");
    const canvas = this.#canvas;
    canvas.width = width;
    canvas.height = Math.round((width * video.videoHeight) / video.videoWidth);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  }
}

/** @param {Blob} blob */
async function base64(blob) {
  return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
}

/**
 * Reads a picture that came; what is too large, or claims to be, is not opened at all.
 * @param {string} text base64
 * @returns {Uint8Array<ArrayBuffer>|null}
 */
export function readStill(text) {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const size = bytes.length <= MOST_BYTES ? jpegSize(bytes) : null;
    return size && size.width <= MOST_PIXELS && size.height <= MOST_PIXELS ? bytes : null;
  } catch {
    return null;
  }
}

/**
 * A small file can claim a huge picture; its frame header (T.81, B.2.2) is read before a decoder sees it.
 * @param {Uint8Array} bytes
 * @returns {{width: number, height: number}|null} null for what is no JPEG
 */
export function jpegSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 <= bytes.length; ) {
    const marker = view.getUint16(at);
    if (marker < 0xffc0 || marker === 0xffda) return null;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/**
 * @param {number} milliseconds since it came
 * @returns {string}
 */
export function ageWords(milliseconds) {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 60) return interpolate(ngettext("Still picture, %(count)s second ago", "Still picture, %(count)s seconds ago", seconds), { count: seconds });
  return gettext("Still picture, more than a minute ago");
}
