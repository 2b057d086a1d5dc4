/** What the relay measured about a seat, as a sentence for the doctor. Pure: numbers in, words out; no jargon. */

import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").Figure} Figure */

/** Where it starts to hurt. One place for all of them. */
export const LIMITS = {
  /** A face needs about this much; below it the picture takes from the sound. kbit/s. */
  upload: 150,
  /** A quiet scene needs little as well: a small upload is a narrow one only with some loss (per cent) or delay (ms). */
  strainLoss: 1,
  strainDelay: 200,
  /** The same on the way to them. */
  download: 150,
  /** Speech begins to break. Per cent. */
  loss: 5,
  /** People begin to talk over each other. Milliseconds there and back. */
  delay: 600,
};
/** Quick to say, slow to take back: a figure on the edge must not blink. In figures of 2 s. */
const SAY_AFTER = 2;
const QUIET_AFTER = 4;

/** @typedef {{kind: "good"|"upload"|"up-loss"|"down-loss"|"download"|"delay", short: string, words: string}} Verdict */

/**
 * @param {Figure} figure
 * @param {{name: string, camera: boolean, you?: boolean, held?: boolean}} person `held`: somebody else's line keeps what they send small
 * @returns {Verdict} the thing that hurts most and what to do about it
 */
export function judge(figure, { name, camera, you = false, held = false }) {
  const say = (/** @type {Verdict["kind"]} */ kind, /** @type {string} */ short, /** @type {string} */ words, values = {}) => ({
    kind,
    short,
    words: interpolate(words, { name, ...values }),
  });
  const { up_kbps: up, up_loss_pct: upLoss, down_kbps: down, down_loss_pct: downLoss, rtt_ms: delay } = figure;
  if (upLoss !== null && upLoss >= LIMITS.loss) {
    return say("up-loss", gettext("Weak upload"), lossWords(camera, you), { loss: Math.round(upLoss) });
  }
  const strained = (upLoss ?? 0) >= LIMITS.strainLoss || (delay ?? 0) >= LIMITS.strainDelay;
  // Without a camera little is sent, and that is no fault of the line.
  if (camera && strained && !held && up !== null && up < LIMITS.upload) {
    const words = you
      ? gettext("%(name)s: your upload is %(rate)s kbit/s: turn the video off")
      : gettext("%(name)s: their upload is %(rate)s kbit/s: ask them to turn the video off");
    return say("upload", gettext("Slow upload"), words, { rate: round(up) });
  }
  if (downLoss !== null && downLoss >= LIMITS.loss) {
    const words = you
      ? gettext("%(name)s: your line loses %(loss)s % of what the others send. The sound goes first")
      : gettext("%(name)s: their line loses %(loss)s % of what we send. The sound goes first");
    return say("down-loss", gettext("Weak line"), words, { loss: Math.round(downLoss) });
  }
  if (down !== null && down < LIMITS.download) {
    const words = you
      ? gettext("%(name)s: your line takes %(rate)s kbit/s. The sound goes first")
      : gettext("%(name)s: their line takes %(rate)s kbit/s. The sound goes first");
    return say("download", gettext("Slow line"), words, { rate: round(down) });
  }
  if (delay !== null && delay >= LIMITS.delay) {
    const seconds = (delay / 2000).toFixed(1);
    const words = you
      ? gettext("%(name)s: what you say arrives %(seconds)s seconds late. Leave pauses between sentences")
      : gettext("%(name)s: what they say arrives %(seconds)s seconds late. Leave pauses between sentences");
    return say("delay", gettext("Late sound"), words, { seconds });
  }
  return say("good", "", gettext("%(name)s: good connection"));
}

/** @param {boolean} camera @param {boolean} you */
function lossWords(camera, you) {
  if (you) {
    return camera
      ? gettext("%(name)s: %(loss)s % of what you send gets lost: turn the video off")
      : gettext("%(name)s: %(loss)s % of what you send gets lost: sit nearer to the Wi-Fi");
  }
  return camera
    ? gettext("%(name)s: %(loss)s % of what they send gets lost: ask them to turn the video off")
    : gettext("%(name)s: %(loss)s % of what they send gets lost: ask them to sit nearer to the Wi-Fi");
}

/**
 * A picture is sent as small as the weakest line that still gets it: then little upload is no trouble of who sends.
 * @param {Figure[]} figures
 * @param {string} sender
 */
export function isHeld(figures, sender) {
  const weak = (/** @type {Figure} */ each) => each.rung !== "full" || (each.down_kbps !== null && each.down_kbps < 2 * LIMITS.upload);
  return figures.some((each) => each.seat !== sender && weak(each));
}

/** Tens are enough for a person to read. @param {number} kbps */
function round(kbps) {
  return kbps < 20 ? Math.round(kbps) : Math.round(kbps / 10) * 10;
}

/** Keeps a verdict until the other one has stood for a while. */
export class Steady {
  /** @type {Verdict|null} */
  #shown = null;
  #against = 0;

  /** @param {Verdict} now @returns {{verdict: Verdict, news: boolean}} */
  push(now) {
    const before = this.#shown ?? { kind: /** @type {const} */ ("good"), short: "", words: "" };
    if (now.kind === before.kind) {
      this.#against = 0;
      this.#shown = now; // The numbers in the words move on.
      return { verdict: now, news: false };
    }
    this.#against += 1;
    if (this.#against < (now.kind === "good" ? QUIET_AFTER : SAY_AFTER)) return { verdict: before, news: false };
    this.#against = 0;
    this.#shown = now;
    return { verdict: now, news: true };
  }
}
