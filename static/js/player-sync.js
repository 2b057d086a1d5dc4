/**
 * One clock for all the films of a recording: each is kept where the clock says, within 60 ms.
 * Knows media elements by what the standard says of them, no page.
 */

/**
 * @typedef {object} Track
 * @property {string} file
 * @property {"person"|"screen"} kind
 * @property {string} type
 * @property {string} name
 * @property {boolean} you
 * @property {number} from ms on the timeline
 * @property {number} to
 * @property {Gap[]} gaps
 * @property {string} address
 */
/** @typedef {{from: number, to: number, why: string, source: string}} Gap */
/** @typedef {{track: Track, media: HTMLMediaElement, broken?: boolean, here?: boolean}} Part */

// Nearer than this is left alone; up to a quarter of a second is made up by speed; further is jumped.
const STILL_MS = 15;
const JUMP_MS = 250;
const MOST_BEND = 0.1;
// What is shown at the very end of a file need not have anything after it.
const END_MS = 400;
// Before a film's turn comes it stands ready at its first picture.
const AHEAD_MS = 3000;
const HAVE_FUTURE_DATA = 3;

export class Conductor {
  /** @type {Part[]} */ #parts;
  #base = 0;
  #since = 0;
  #rate = 1;
  #wanted = false;
  #running = false;
  /** @type {number|null} since when it waits for the network */
  #waiting = null;

  /**
   * @param {Part[]} parts
   * @param {number} duration ms
   * @param {() => number} [now] ms that never go back
   */
  constructor(parts, duration, now = () => performance.now()) {
    this.#parts = parts;
    this.duration = duration;
    this.now_ = now;
    for (const part of parts) {
      part.media.addEventListener("error", () => {
        part.broken = true;
      });
    }
  }

  /** Where we are, in ms. */
  get position() {
    const gone = this.#running ? (this.now_() - this.#since) * this.#rate : 0;
    return Math.min(this.duration, this.#base + gone);
  }

  get playing() {
    return this.#wanted;
  }

  get rate() {
    return this.#rate;
  }

  /** For how long it has been waiting for bytes, in ms; 0 when it is not. */
  get waiting() {
    return this.#waiting === null ? 0 : this.now_() - this.#waiting;
  }

  play() {
    if (this.position >= this.duration) this.seek(0);
    this.#wanted = true;
    // Every element is started by the press itself: later a browser might not allow its sound.
    for (const part of this.#parts) if (isDue(part, this.position)) start(part);
    this.tick();
  }

  pause() {
    this.#hold(this.position);
    this.#wanted = false;
    this.#waiting = null;
    for (const part of this.#parts) part.media.pause();
  }

  /** @param {number} position ms */
  seek(position) {
    this.#hold(Math.max(0, Math.min(this.duration, position)));
    for (const part of this.#parts) {
      part.media.pause();
      this.#place(part, this.#base);
    }
    this.tick();
  }

  /** @param {number} rate */
  setRate(rate) {
    this.#hold(this.position);
    this.#rate = rate;
    this.tick();
  }

  /** Called ten times a second and at every event that may let it go on. */
  tick() {
    const position = this.position;
    for (const part of this.#parts) part.here = isDue(part, position);
    if (!this.#wanted) return;
    if (position >= this.duration) {
      this.pause();
      return;
    }
    const due = this.#parts.filter((part) => part.here && !part.broken);
    const late = due.filter((part) => !isReady(part, position));
    if (late.length > 0) this.#wait(position);
    else this.#go(position, due);
    for (const part of this.#parts) {
      if (part.here) continue;
      part.media.pause();
      if (part.track.from > position && part.track.from - position < AHEAD_MS) this.#place(part, part.track.from);
    }
  }

  /** @param {number} position */
  #wait(position) {
    this.#hold(position);
    this.#waiting ??= this.now_();
    for (const part of this.#parts) {
      part.media.pause();
      if (part.here) this.#place(part, position, JUMP_MS);
    }
  }

  /** @param {number} position @param {Part[]} due */
  #go(position, due) {
    this.#waiting = null;
    if (!this.#running) {
      this.#since = this.now_();
      this.#running = true;
    }
    for (const part of due) {
      const ahead = part.media.currentTime * 1000 + part.track.from - position;
      if (part.media.paused) {
        if (Math.abs(ahead) > STILL_MS * 2 && !isAtEnd(part, position)) this.#place(part, position);
        part.media.playbackRate = this.#rate;
        start(part);
      } else if (Math.abs(ahead) > JUMP_MS) {
        this.#place(part, position);
      } else {
        part.media.playbackRate = this.#rate * bend(ahead);
      }
    }
  }

  /** @param {number} position */
  #hold(position) {
    this.#base = position;
    this.#since = this.now_();
    this.#running = false;
  }

  /**
   * Brings a film to a place of the timeline unless it is there already.
   * @param {Part} part @param {number} position @param {number} [near]
   */
  #place(part, position, near = STILL_MS) {
    const seconds = Math.max(0, Math.min(position, part.track.to) - part.track.from) / 1000;
    if (Math.abs(part.media.currentTime - seconds) * 1000 > near) part.media.currentTime = seconds;
  }
}

/**
 * How much faster or slower a film runs that is `ahead` by so many ms.
 * @param {number} ahead
 */
export function bend(ahead) {
  if (Math.abs(ahead) <= STILL_MS) return 1;
  return 1 - Math.max(-MOST_BEND, Math.min(MOST_BEND, ahead / 500));
}

/** @param {Part} part @param {number} position */
function isDue(part, position) {
  return position >= part.track.from && position < part.track.to;
}

/** @param {Part} part @param {number} position */
function isAtEnd(part, position) {
  return part.media.ended || part.track.to - position < END_MS;
}

/** @param {Part} part @param {number} position */
function isReady(part, position) {
  if (isAtEnd(part, position)) return true;
  return part.media.readyState >= HAVE_FUTURE_DATA && !part.media.seeking;
}

/** @param {Part} part */
function start(part) {
  if (!part.media.paused || part.media.ended) return;
  // It says by itself when it cannot: the next tick tries again, an error has its own event.
  part.media.play().catch(() => undefined);
}
