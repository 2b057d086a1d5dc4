/** The words about the line: good, weak, lost, and the screen that says what is being tried and for how long. */

import { announce, need, say, swapIcon } from "./dom.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {"connecting"|"good"|"weak"|"theirs"|"moving"|"socket"|"lost"|"held"} LineState */

/** A visit that ends takes its line down a moment before it says so: nobody is told of trouble then. */
const SAY_AFTER = 1_500;

/** @type {Record<LineState, {icon: string, css: string}>} */
const LOOK = {
  connecting: { icon: "wifi-medium", css: "hc-connection-weak" },
  good: { icon: "wifi-high", css: "" },
  weak: { icon: "wifi-medium", css: "hc-connection-weak" },
  theirs: { icon: "wifi-medium", css: "hc-connection-weak" },
  moving: { icon: "wifi-medium", css: "hc-connection-weak" },
  socket: { icon: "wifi-medium", css: "hc-connection-weak" },
  lost: { icon: "wifi-x", css: "hc-connection-lost" },
  held: { icon: "wifi-x", css: "hc-connection-lost" },
};

/** The relay lets nobody back whom it put out within a minute (docs/relay.md); a little more, for two clocks. */
export const HELD_FOR = 61_000;
const HELD = {
  title: gettext("Your call is paused for a minute"),
  words: gettext("This device sent far more than a call needs, and the others' calls come first. Your visit goes on, and the chat works."),
};

export class ConnectionLine {
  #line;
  #words;
  #cover;
  #seconds;
  #title;
  #story;
  #usual;
  #texts;
  /** @type {LineState} */
  state = "connecting";
  /** @type {number|null} */
  #lostAt = null;
  #said = false;

  /**
   * @param {HTMLElement} stage
   * @param {Record<LineState, string>} texts
   */
  constructor(stage, texts) {
    this.#line = need(stage, "[data-connection]");
    this.#words = need(stage, "[data-connection-words]");
    this.#cover = need(stage, "[data-reconnecting]");
    this.#seconds = need(stage, "[data-reconnecting-seconds]");
    this.#title = need(this.#cover, "[data-reconnecting-title]");
    this.#story = need(this.#cover, "[data-reconnecting-words]");
    this.#usual = { title: this.#title.textContent ?? "", words: this.#story.textContent ?? "" };
    this.#texts = texts;
    setInterval(() => this.#count(), 1_000);
  }

  /** @param {LineState} state @param {string} [words] in place of the usual ones */
  set(state, words = this.#texts[state]) {
    say(this.#words, words);
    if (state === this.state && this.#line.dataset.connection === state) return;
    const before = this.state;
    this.state = state;
    const { icon, css } = LOOK[state];
    this.#line.dataset.connection = state;
    this.#line.className = `hc-connection ${css}`.trim();
    swapIcon(this.#line, icon);
    document.documentElement.dataset.line = state;
    const isGone = state === "lost" || state === "held";
    this.#lostAt = isGone ? performance.now() : null;
    this.#cover.hidden = !isGone;
    const told = state === "held" ? HELD : this.#usual;
    if (isGone) {
      say(this.#title, told.title);
      say(this.#story, told.words);
    }
    if (state === "held") {
      announce(`${HELD.title}. ${HELD.words}`, "assertive");
    } else if (before === "lost" && this.#said) {
      announce("", "assertive");
      if (state === "good") announce(gettext("You are back."));
    } else if (state === "socket" || state === "moving" || (state === "good" && before === "socket")) {
      announce(words);
    }
    if (state !== "lost") this.#said = false;
    this.#count();
  }

  // Seen to count, announced once: the region around the number is not live.
  #count() {
    if (this.#lostAt === null) return;
    const lost = performance.now() - this.#lostAt;
    if (this.state === "held") {
      const left = Math.max(0, Math.ceil((HELD_FOR - lost) / 1000));
      say(this.#seconds, interpolate(ngettext("Trying again in %(count)s second", "Trying again in %(count)s seconds", left), { count: left }));
      return;
    }
    const gone = Math.floor(lost / 1000);
    say(this.#seconds, interpolate(ngettext("Trying for %(count)s second", "Trying for %(count)s seconds", gone), { count: gone }));
    if (this.#said || lost < SAY_AFTER) return;
    this.#said = true;
    announce(gettext("One moment, we are getting you back. Your visit goes on."), "assertive");
  }
}
