/** The chat beside a recording: every line at its time, the present one in sight, each a way to its moment. */

import { stopwatch } from "./clock.js";
import { make } from "./dom.js";
import { gettext, interpolate } from "./words.js";

/** @typedef {{at: number, time: string, author: string, body: string}} Line */

export class Chat {
  /**
   * @param {HTMLElement} root
   * @param {Line[]} lines in order
   * @param {(position: number) => void} onSeek
   */
  constructor(root, lines, onSeek) {
    this.list = /** @type {HTMLElement} */ (root.querySelector("[data-chat]"));
    const empty = /** @type {HTMLElement} */ (root.querySelector("[data-chat-empty]"));
    empty.hidden = lines.length > 0;
    this.list.hidden = lines.length === 0;
    this.lines = lines;
    this.rows = lines.map((line) => this.#row(line, onSeek));
    this.list.append(...this.rows);
    this.last = -2;
  }

  /** @param {Line} line @param {(position: number) => void} onSeek */
  #row(line, onSeek) {
    const go = make("button", { class: "hc-btn hc-btn-link hc-btn-small hc-figures", type: "button" }, stopwatch(line.at));
    go.setAttribute("aria-label", interpolate(gettext("Go to %(time)s"), { time: stopwatch(line.at) }));
    go.addEventListener("click", () => onSeek(line.at));
    const who = make("small", { class: "hc-soft" }, `${line.author}, `, make("span", { class: "hc-nowrap" }, line.time));
    return make("li", {}, go, make("div", {}, make("p", {}, line.body), who));
  }

  /** What is still to come is quieter; the last line said is in sight. @param {number} position */
  show(position) {
    const last = this.lines.filter((line) => line.at <= position).length - 1;
    if (last === this.last) return;
    this.last = last;
    this.rows.forEach((row, index) => {
      row.classList.toggle("is-to-come", index > last);
      if (index === last) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
    const row = this.rows[last];
    // Only the list scrolls, and not under a pointer or a focus that is in it.
    if (row && !this.list.matches(":hover, :focus-within")) {
      this.list.scrollTop = row.offsetTop - this.list.clientHeight / 2;
    }
  }
}
