/**
 * Keeps an open calendar up to date: hints over the socket say where to look, the feed says what is there.
 * A hint that is lost costs seconds: every 20 s the page asks whether what it shows still holds.
 */

import { LiveSocket } from "./live-socket.js";

const LOOK_EVERY = 20_000;
const GATHER = 120;

/** @typedef {{whole: boolean, visits: Set<string>, people: Set<string>}} Asked */
/** @typedef {{rows: string[], whole: boolean, late: Record<string, string>, pauses?: any[]}} News */
/**
 * @typedef {Object} Handlers
 * @property {(news: News, asked: Asked) => void} onNews
 * @property {(state: "open"|"lost"|"out") => void} onState
 * @property {() => boolean} mayLook false while somebody holds a visit
 */

/** @returns {Asked} */
function nothing() {
  return { whole: false, visits: new Set(), people: new Set() };
}

export class Live {
  #feed;
  #seen;
  #handlers;
  #socket;
  /** @type {Asked} what is still to be asked for */
  #due = nothing();
  #looking = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #gathering;

  /**
   * @param {{feed: string, digest: string, socket: string}} data
   * @param {Handlers} handlers
   */
  constructor({ feed, digest, socket }, handlers) {
    this.#feed = feed;
    this.#seen = digest;
    this.#handlers = handlers;
    this.#socket = new LiveSocket(socket, "calendar", { onMessage: (hint) => this.#hinted(hint), onState: handlers.onState });
  }

  open() {
    this.#socket.open();
    setInterval(() => document.hidden || this.lookAtAll(), LOOK_EVERY);
    document.addEventListener("visibilitychange", () => document.hidden || this.lookAtAll());
    window.addEventListener("online", () => this.lookAtAll());
    window.addEventListener("pageshow", (event) => event.persisted && (this.#socket.open(), this.lookAtAll()));
    window.addEventListener("pagehide", () => this.#socket.close());
  }

  lookAtAll() {
    this.#due.whole = true;
    this.#soon();
  }

  /** @param {string} id of a visit */
  lookAt(id) {
    this.#due.visits.add(id);
    this.#soon();
  }

  /** @param {{visits: string[], people: string[]}} hint */
  #hinted({ visits, people }) {
    if (!visits.length && !people.length) this.#due.whole = true;
    for (const id of visits) this.#due.visits.add(id);
    for (const id of people) this.#due.people.add(id);
    this.#soon();
  }

  #soon() {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      void this.#look();
    }, GATHER);
  }

  /** One at a time and in order, so that no older answer comes after a newer one. */
  async #look() {
    if (this.#looking || !(this.#due.whole || this.#due.visits.size || this.#due.people.size)) return;
    if (!this.#handlers.mayLook()) {
      this.#soon();
      return;
    }
    const asked = this.#due;
    this.#due = nothing();
    this.#looking = true;
    const news = await this.#ask(asked);
    this.#looking = false;
    if (news && this.#handlers.mayLook()) this.#handlers.onNews(news, asked);
    else if (news) this.#again(asked);
    if (this.#due.whole || this.#due.visits.size || this.#due.people.size) this.#soon();
  }

  /** Somebody took a visit up meanwhile: what came is asked for again when they let it go. @param {Asked} asked */
  #again(asked) {
    this.#seen = "";
    this.#due.whole ||= asked.whole;
    for (const id of asked.visits) this.#due.visits.add(id);
    for (const id of asked.people) this.#due.people.add(id);
  }

  /** @param {Asked} asked @returns {Promise<News|null>} null when nothing is new, or nobody answers */
  async #ask(asked) {
    const query = new URLSearchParams();
    if (asked.whole) query.set("seen", this.#seen);
    else if (asked.visits.size) query.set("only", [...asked.visits].join(","));
    if (!asked.whole && asked.people.size) query.set("people", [...asked.people].join(","));
    try {
      const response = await fetch(`${this.#feed}&${query}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!response.ok) return null;
      const answer = await response.json();
      if (answer.digest) this.#seen = answer.digest;
      return answer.same ? null : answer;
    } catch {
      return null;
    }
  }
}
