/** What the relay measured about a seat, as a sentence for the doctor. Pure: numbers in, words out; no jargon. */

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
  const whose = you ? "your" : "their";
  const them = you ? "" : " ask them to";
  const advice = camera ? `:${them} turn the video off` : you ? ": sit nearer to the Wi-Fi" : ": ask them to sit nearer to the Wi-Fi";
  const say = (/** @type {Verdict["kind"]} */ kind, /** @type {string} */ short, /** @type {string} */ words) => ({
    kind,
    short,
    words: `${name}: ${words}`,
  });
  const { up_kbps: up, up_loss_pct: upLoss, down_kbps: down, down_loss_pct: downLoss, rtt_ms: delay } = figure;
  if (upLoss !== null && upLoss >= LIMITS.loss) {
    return say("up-loss", "Weak upload", `${Math.round(upLoss)} % of what ${you ? "you send" : "they send"} gets lost${advice}`);
  }
  const strained = (upLoss ?? 0) >= LIMITS.strainLoss || (delay ?? 0) >= LIMITS.strainDelay;
  // Without a camera little is sent, and that is no fault of the line.
  if (camera && strained && !held && up !== null && up < LIMITS.upload) return say("upload", "Slow upload", `${whose} upload is ${round(up)} kbit/s${advice}`);
  if (downLoss !== null && downLoss >= LIMITS.loss) {
    const words = `${whose} line loses ${Math.round(downLoss)} % of what ${you ? "the others send" : "we send"}. The sound goes first`;
    return say("down-loss", "Weak line", words);
  }
  if (down !== null && down < LIMITS.download) {
    return say("download", "Slow line", `${whose} line takes ${round(down)} kbit/s. The sound goes first`);
  }
  if (delay !== null && delay >= LIMITS.delay) {
    const seconds = (delay / 2000).toFixed(1);
    return say("delay", "Late sound", `what ${you ? "you say" : "they say"} arrives ${seconds} seconds late. Leave pauses between sentences`);
  }
  return say("good", "", "good connection");
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
