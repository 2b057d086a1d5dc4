/** How the line is, for everybody in the call: judged here, told in the line, on the tiles and once aloud. */

import { announce } from "./dom.js";
import { Steady, isHeld, judge } from "./figures.js";
import { ConnectionLine } from "./line.js";
import { CAMERA_BITRATE } from "./outgoing.js";
import { QualityWatch, look } from "./quality.js";
import { Rungs, ownWords, theirWords, weakWords } from "./rungs.js";
import { toast } from "./toast.js";
import { gettext } from "./words.js";

/** @typedef {import("./types.js").SeatView} SeatView */
/** @typedef {import("./types.js").Figure} Figure */

const WEAK_BITRATE = 250_000;
const LOOK_EVERY = 2_000;
const SOCKET_GRACE = 2_500;
/** A move to another relay takes a second; what takes longer is told as a lost line. */
const MOVE_GRACE = 6_000;

export class Connection {
  #line;
  #peer;
  #people;
  #picture;
  #onChange;
  #quality = new QualityWatch();
  #rungs = new Rungs();
  /** @type {Map<string, Steady>} */
  #steady = new Map();
  /** @type {Map<string, import("./figures.js").Verdict>} */
  #verdicts = new Map();
  #wasConnected = false;
  /** @type {number|null} */
  #socketLostAt = null;
  #movedAt = -Infinity;

  /**
   * @param {HTMLElement} stage
   * @param {Object} options
   * @param {Record<import("./line.js").LineState, string>} options.texts
   * @param {import("./peer.js").Peer} options.peer
   * @param {() => {seats: SeatView[], name: (seat: SeatView) => string}} options.people everybody, and how they are called
   * @param {() => boolean} options.picture whether one's own picture is being sent
   * @param {() => void} options.onChange
   */
  constructor(stage, { texts, peer, people, picture, onChange }) {
    this.#line = new ConnectionLine(stage, texts);
    this.#peer = peer;
    this.#people = people;
    this.#picture = picture;
    this.#onChange = onChange;
    this.#mark();
    setInterval(() => this.#observe(), LOOK_EVERY);
  }

  get state() {
    return this.#line.state;
  }

  /** Once media ran, its going is a loss; before, it is still coming. */
  get wasConnected() {
    return this.#wasConnected;
  }

  forget() {
    this.#wasConnected = false;
    this.#startOver();
  }

  /** @param {import("./peer.js").PeerState} state */
  peerChanged(state) {
    if (state === "connected") {
      this.#wasConnected = true;
      this.#movedAt = -Infinity;
    }
    this.#quality.reset();
    this.judge();
  }

  /** @param {boolean} open */
  socketChanged(open) {
    this.#socketLostAt = open ? null : (this.#socketLostAt ?? performance.now());
    this.judge();
  }

  /** @param {"ready"|"lost"|"moved"} state */
  relayChanged(state) {
    this.#startOver();
    if (state === "moved") this.#movedAt = performance.now();
    this.judge();
  }

  /** A relay that is new to us has not judged anybody yet. */
  #startOver() {
    this.#rungs.clear();
    this.#steady.clear();
    this.#verdicts.clear();
    this.#mark();
  }

  /** @param {{about: string, rung: import("./types.js").Rung, why: import("./types.js").Why}} news */
  rung({ about, rung, why }) {
    if (!this.#rungs.set(about, rung)) return;
    this.#mark();
    this.judge();
    const { seats, name } = this.#people();
    const seat = seats.find((each) => each.id === about);
    if (!seat) return;
    const words = seat.you ? ownWords(rung, why) : theirWords(name(seat), rung, why);
    toast(words, { icon: rung === "full" ? "wifi-high" : "wifi-medium" });
  }

  /** For the doctor: what each line carries, as the relay measured it. @param {Figure[]} figures */
  figures(figures) {
    const { seats, name } = this.#people();
    for (const figure of figures) {
      const seat = seats.find((each) => each.id === figure.seat);
      if (!seat) continue;
      const held = isHeld(figures, figure.seat);
      const now = judge(figure, { name: seat.you ? gettext("You") : name(seat), camera: seat.camera, you: seat.you, held });
      const steady = this.#steady.get(seat.id) ?? new Steady();
      this.#steady.set(seat.id, steady);
      const { verdict, news } = steady.push(now);
      this.#verdicts.set(seat.id, verdict);
      if (news && verdict.kind !== "good") announce(verdict.words);
    }
    this.judge();
  }

  /** @param {string} seat @returns {import("./figures.js").Verdict|undefined} nothing where nothing is measured */
  verdict(seat) {
    return this.#verdicts.get(seat);
  }

  /** What the tile of somebody tells besides picture and name. @param {SeatView} seat @returns {import("./remote-tile.js").Around} */
  around(seat) {
    const { seats, name } = this.#people();
    const verdict = this.#verdicts.get(seat.id);
    return {
      name: seat.label,
      short: name(seat),
      mine: this.#rungs.of(seats.find((each) => each.you)?.id),
      theirs: this.#rungs.of(seat.id),
      trouble: verdict && verdict.kind !== "good" ? verdict : undefined,
    };
  }

  judge() {
    const now = performance.now();
    if (this.#peer.state !== "connected") this.#line.set(this.#away(now));
    else if (this.#socketLostAt !== null && now - this.#socketLostAt > SOCKET_GRACE) this.#line.set("socket");
    else this.#tellQuality();
    this.#onChange();
  }

  /** @param {number} now */
  #away(now) {
    if (this.#peer.state === "held") return "held";
    if (!this.#wasConnected) return "connecting";
    return now - this.#movedAt < MOVE_GRACE ? "moving" : "lost";
  }

  #tellQuality() {
    const { seats, name } = this.#people();
    const me = seats.find((seat) => seat.you);
    const others = seats.filter((seat) => !seat.you).map((seat) => ({ id: seat.id, name: name(seat) }));
    const low = this.#rungs.line(me?.id, others);
    if (low) this.#line.set(low.whose === "mine" ? "weak" : "theirs", low.words);
    else if (this.#quality.weak) this.#line.set("weak");
    else if (me && (this.#verdicts.get(me.id)?.kind ?? "good") !== "good") this.#line.set("weak");
    else this.#tellFigures(others);
  }

  /** @param {{id: string, name: string}[]} others */
  #tellFigures(others) {
    const weak = others.filter(({ id }) => (this.#verdicts.get(id)?.kind ?? "good") !== "good");
    if (!weak.length) this.#line.set("good");
    else this.#line.set("theirs", weakWords(weak));
  }

  async #observe() {
    const report = this.#peer.state === "connected" ? await this.#peer.stats() : null;
    if (report) {
      const before = this.#quality.weak;
      const weak = this.#quality.push(look(report, this.#picture() && !this.#heldByOthers(), performance.now()));
      this.#peer.setBitrate(weak ? WEAK_BITRATE : CAMERA_BITRATE);
      // The relay sees the way down and says so itself; this is the way up.
      const { seats } = this.#people();
      const said = this.#rungs.of(seats.find((seat) => seat.you)?.id) !== "full";
      if (weak && !before && !said && this.#picture()) toast(ownWords("low-rate", "bandwidth"), { icon: "wifi-medium" });
      if (!weak && before && !said) announce(gettext("Your connection is good again."));
    }
    this.judge();
  }

  /** Little is asked of us while somebody else's line carries little: that is no trouble of ours. */
  #heldByOthers() {
    return this.#people().seats.some((seat) => !seat.you && this.#rungs.of(seat.id) !== "full");
  }

  #mark() {
    const me = this.#people().seats.find((seat) => seat.you);
    document.documentElement.dataset.rung = this.#rungs.of(me?.id);
  }
}
