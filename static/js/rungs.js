/** The rescue ladder in words: who gets how much of the pictures, and why. Pure; what is shown where is connection.js. */

import { gettext, interpolate } from "./words.js";

/** @typedef {import("./types.js").Rung} Rung */
/** @typedef {import("./types.js").Why} Why */

const ORDER = /** @type {Rung[]} */ (["full", "low-rate", "stills", "audio"]);

/** @type {Record<Rung, {line: string, said: string}>} what I still get */
const MINE = {
  full: { line: "", said: gettext("Your connection is good again. The picture is back.") },
  "low-rate": { line: gettext("Weak: sound kept clear"), said: gettext("We turned the picture down to keep the sound clear.") },
  stills: { line: gettext("Weak: still pictures"), said: gettext("You see still pictures for now. The sound goes on.") },
  audio: { line: gettext("Weak: sound only"), said: gettext("It is too weak for pictures. The sound goes on.") },
};

const MOVES_AGAIN = gettext("The picture moves again. The sound goes first.");

/** @type {Record<Rung, {note: string, line: (name: string) => string, said: string}>} what somebody else still gets of us */
const THEIRS = {
  full: { note: "", line: () => "", said: gettext("they see you again.") },
  "low-rate": {
    note: gettext("Sees you less smoothly"),
    line: (name) => interpolate(gettext("Weak for %(name)s"), { name }),
    said: gettext("we turned the picture they see down. The sound goes on."),
  },
  stills: {
    note: gettext("Sees still pictures of you"),
    line: (name) => interpolate(gettext("%(name)s sees still pictures"), { name }),
    said: gettext("they see still pictures of you. The sound goes on."),
  },
  audio: {
    note: gettext("Hears you, sees no picture"),
    line: (name) => interpolate(gettext("%(name)s sees no picture"), { name }),
    said: gettext("they hear you and see no picture. The sound goes on."),
  },
};

/** @type {Record<Why, string>} */
const MY_CAUSE = {
  loss: gettext("Your connection is weak and loses parts on the way."),
  bandwidth: gettext("Your connection is weak."),
  recovered: gettext("Your connection is better."),
};
/** @type {Record<Why|"full", string>} */
const THEIR_CAUSE = {
  loss: gettext("%(name)s's connection is weak and loses parts on the way: %(said)s"),
  bandwidth: gettext("%(name)s's connection is weak: %(said)s"),
  recovered: gettext("%(name)s's connection is better: %(said)s"),
  full: gettext("%(name)s's connection is good again: %(said)s"),
};

/** @param {Rung} rung @returns {number} 0 for all of the picture, 3 for none */
export function depth(rung) {
  return ORDER.indexOf(rung);
}

/** @param {Rung} rung @param {Why} why */
export function ownWords(rung, why) {
  if (rung === "full") return MINE.full.said;
  return `${MY_CAUSE[why]} ${rung === "low-rate" && why === "recovered" ? MOVES_AGAIN : MINE[rung].said}`;
}

/** @param {string} name @param {Rung} rung @param {Why} why */
export function theirWords(name, rung, why) {
  return interpolate(THEIR_CAUSE[rung === "full" ? "full" : why], { name, said: THEIRS[rung].said });
}

/** @param {{name: string}[]} weak whose line is weak */
export function weakWords(weak) {
  if (weak.length === 1) return interpolate(gettext("Weak for %(name)s"), { name: weak[0].name });
  return interpolate(gettext("Weak for %(count)s people"), { count: weak.length });
}

/** @param {Rung} rung what stands on the tile of somebody who gets this much of us */
export function tileNote(rung) {
  return THEIRS[rung].note;
}

/** Who stands on which rung. A seat that nobody named gets all of it. */
export class Rungs {
  /** @type {Map<string, Rung>} */
  #rungs = new Map();

  /** @param {string|undefined} seat @returns {Rung} */
  of(seat) {
    return this.#rungs.get(seat ?? "") ?? "full";
  }

  /** @param {string} seat @param {Rung} rung @returns {boolean} whether that is news */
  set(seat, rung) {
    const news = this.of(seat) !== rung;
    if (rung === "full") this.#rungs.delete(seat);
    else this.#rungs.set(seat, rung);
    return news;
  }

  /** A fresh connection begins at the top. */
  clear() {
    this.#rungs.clear();
  }

  /**
   * The one line under the name: what I lack comes first, then whoever of those here lacks most.
   * @param {string|undefined} me
   * @param {{id: string, name: string}[]} others
   * @returns {{whose: "mine"|"theirs", words: string}|null}
   */
  line(me, others) {
    const mine = this.of(me);
    if (mine !== "full") return { whose: "mine", words: MINE[mine].line };
    const weak = others.filter(({ id }) => this.of(id) !== "full").sort((a, b) => depth(this.of(b.id)) - depth(this.of(a.id)));
    if (!weak.length) return null;
    const [first] = weak;
    const words = weak.length > 1 ? weakWords(weak) : THEIRS[this.of(first.id)].line(first.name);
    return { whose: "theirs", words };
  }
}
