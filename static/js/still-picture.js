/** A still picture on a tile: drawn on a canvas, with the words about how old it is. */

import { make } from "./dom.js";
import { ageWords } from "./stills.js";
import { gettext } from "./words.js";

/** The first one is here after this, or the sender's camera gives none. */
const AWAITED = 5_000;

export class StillPicture {
  canvas = make("canvas", { class: "hc-still", hidden: true, "aria-hidden": "true" });
  /** @type {number|null} */
  #at = null;
  /** @type {number|null} */
  #since = null;

  get isHere() {
    return this.#at !== null;
  }

  /** @param {number} now whether the first one may still be on its way */
  isAwaited(now) {
    this.#since ??= now;
    return this.#at === null && now - this.#since < AWAITED;
  }

  /** @param {Uint8Array<ArrayBuffer>} jpeg @param {number} now */
  async show(jpeg, now) {
    const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(() => null);
    if (!picture) return;
    this.canvas.width = picture.width;
    this.canvas.height = picture.height;
    this.canvas.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
    this.#at = now;
  }

  /** A picture of somebody is not kept longer than it is shown. */
  clear() {
    if (this.canvas.width) this.canvas.width = 0;
    this.#at = this.#since = null;
  }

  /** @param {number} now */
  words(now) {
    if (this.#at === null) return { short: gettext("Still pictures"), words: gettext("Still pictures for now, every few seconds") };
    return { short: gettext("Still picture"), words: ageWords(now - this.#at) };
  }
}
