/** The rescue ladder in words: who gets how much of the pictures, and why. Pure; what is shown where is connection.js. */

/** @typedef {import("./types.js").Rung} Rung */
/** @typedef {import("./types.js").Why} Why */

const ORDER = /** @type {Rung[]} */ (["full", "low-rate", "stills", "audio"]);

/** @type {Record<Rung, {line: string, said: string}>} what I still get */
const MINE = {
  full: { line: "", said: "Your connection is good again. The picture is back." },
  "low-rate": { line: "Weak: sound kept clear", said: "We turned the picture down to keep the sound clear." },
  stills: { line: "Weak: still pictures", said: "You see still pictures for now. The sound goes on." },
  audio: { line: "Weak: sound only", said: "It is too weak for pictures. The sound goes on." },
};

const MOVES_AGAIN = "The picture moves again. The sound goes first.";

/** @type {Record<Rung, {note: string, line: (name: string) => string, said: string}>} what somebody else still gets of us */
const THEIRS = {
  full: { note: "", line: () => "", said: "they see you again." },
  "low-rate": {
    note: "Sees you less smoothly",
    line: (name) => `Weak for ${name}`,
    said: "we turned the picture they see down. The sound goes on.",
  },
  stills: {
    note: "Sees still pictures of you",
    line: (name) => `${name} sees still pictures`,
    said: "they see still pictures of you. The sound goes on.",
  },
  audio: {
    note: "Hears you, sees no picture",
    line: (name) => `${name} sees no picture`,
    said: "they hear you and see no picture. The sound goes on.",
  },
};

/** @type {Record<Why, string>} */
const CAUSE = { loss: "is weak and loses parts on the way", bandwidth: "is weak", recovered: "is better" };

/** @param {Rung} rung @returns {number} 0 for all of the picture, 3 for none */
export function depth(rung) {
  return ORDER.indexOf(rung);
}

/** @param {Rung} rung @param {Why} why */
export function ownWords(rung, why) {
  if (rung === "full") return MINE.full.said;
  return `Your connection ${CAUSE[why]}. ${rung === "low-rate" && why === "recovered" ? MOVES_AGAIN : MINE[rung].said}`;
}

/** @param {string} name @param {Rung} rung @param {Why} why */
export function theirWords(name, rung, why) {
  const cause = rung === "full" ? "is good again" : CAUSE[why];
  return `${name}'s connection ${cause}: ${THEIRS[rung].said}`;
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
    const words = weak.length > 1 ? `Weak for ${weak.length} people` : THEIRS[this.of(first.id)].line(first.name);
    return { whose: "theirs", words };
  }
}
