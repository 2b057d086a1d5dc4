/** Judges the line from two looks at getStats. Pure: numbers in, one of three words out. */

/** @typedef {{at: number, rtt: number|null, sentLoss: number|null, received: number, lost: number, camera: boolean, outgoing: number|null}} Look */

const LOSS = 0.08;
const ROUND_TRIP = 0.6;
const THIN = 120_000;
/** Quick to give way, slow to come back: a line that swings must not swing the picture. */
const WEAK_AFTER = 2;
const GOOD_AFTER = 6;

/**
 * @param {RTCStatsReport} report
 * @param {boolean} camera whether a picture is being sent
 * @param {number} at milliseconds
 * @returns {Look}
 */
export function look(report, camera, at) {
  /** @type {Look} */
  const seen = { at, rtt: null, sentLoss: null, received: 0, lost: 0, camera, outgoing: null };
  report.forEach((stat) => {
    if (stat.type === "candidate-pair" && stat.nominated) {
      seen.rtt = stat.currentRoundTripTime ?? seen.rtt;
      seen.outgoing = stat.availableOutgoingBitrate ?? seen.outgoing;
    } else if (stat.type === "inbound-rtp") {
      seen.received += stat.packetsReceived ?? 0;
      seen.lost += Math.max(0, stat.packetsLost ?? 0);
    } else if (stat.type === "remote-inbound-rtp" && typeof stat.fractionLost === "number") {
      seen.sentLoss = Math.max(seen.sentLoss ?? 0, stat.fractionLost);
    }
  });
  return seen;
}

/**
 * @param {Look} before
 * @param {Look} now
 * @returns {boolean} whether this stretch was weak
 */
export function isWeak(before, now) {
  const arrived = now.received - before.received;
  const missing = now.lost - before.lost;
  if (missing > 3 && missing / Math.max(1, arrived + missing) > LOSS) return true;
  if ((now.sentLoss ?? 0) > LOSS || (now.rtt ?? 0) > ROUND_TRIP) return true;
  return now.camera && now.outgoing !== null && now.outgoing < THIN;
}

export class QualityWatch {
  /** @type {Look|null} */
  #before = null;
  #bad = 0;
  #fine = 0;
  weak = false;

  /** @param {Look} now */
  push(now) {
    if (this.#before) {
      const weak = isWeak(this.#before, now);
      this.#bad = weak ? this.#bad + 1 : 0;
      this.#fine = weak ? 0 : this.#fine + 1;
      if (this.#bad >= WEAK_AFTER) this.weak = true;
      if (this.#fine >= GOOD_AFTER) this.weak = false;
    }
    this.#before = now;
    return this.weak;
  }

  /** After a new connection the counters start at nought. */
  reset() {
    this.#before = null;
    this.#bad = this.#fine = 0;
    this.weak = false;
  }
}
