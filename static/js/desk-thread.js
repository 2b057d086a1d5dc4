/** What a patient and the front desk write to each other, as one side sees it: asked for by number, sent until it is stored, said aloud once. */

import { ChatLog } from "./chat.js";
import { timeOfDay } from "./clock.js";
import { icon, make, need, say } from "./dom.js";
import { post } from "./forms.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {{seq: number, mine: boolean, author: string, by_patient: boolean, body: string, sent_at: string, client_id: string}} DeskLine */

const AGAIN = 4_000;
/** The message may still be taken: the network or the server is away, or it was too fast. */
const LATER = /^(offline|unavailable|internal|rate_limited|http\.5\d\d)$/;

export class DeskThread {
  #root;
  #path;
  #member;
  #seen;
  #log = new ChatLog();
  #list;
  #live;
  #form;
  #field;
  #isOpen = true;
  #read = 0;
  #first = true;
  #asking = false;
  #again = false;
  #sending = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #retry;

  /**
   * @param {HTMLElement} root
   * @param {Object} options
   * @param {string} options.path where lines are asked for and sent to
   * @param {string} [options.member] of a group: whose thread it is
   * @param {() => boolean} options.seen whether what is on the page is before somebody's eyes
   */
  constructor(root, { path, member = "", seen }) {
    this.#root = root;
    this.#path = path;
    this.#member = member;
    this.#seen = seen;
    this.#list = need(root, "[data-desk-list]");
    this.#live = need(root, "[data-desk-live]");
    this.#form = /** @type {HTMLFormElement} */ (need(root, "[data-desk-form]"));
    this.#field = /** @type {HTMLTextAreaElement} */ (need(root, "[data-desk-field]"));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    addEventListener("online", () => void this.look());
    document.addEventListener("visibilitychange", () => this.shown());
  }

  /** Asks for what is new; a look that is asked for meanwhile comes right after. */
  async look() {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    const query = new URLSearchParams({ after: String(this.#log.seq), member: this.#member });
    const answer = await fetch(`${this.#path}?${query}`, { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    this.#asking = false;
    if (answer) this.#receive(answer.lines, answer.open);
    if (this.#log.pending.length) void this.#sendPending();
    if (this.#again) {
      this.#again = false;
      await this.look();
    }
  }

  /** How many lines there are that are known here. */
  get seq() {
    return this.#log.seq;
  }

  /** What stands on the page is seen now: the other side's count goes down. */
  shown() {
    if (document.hidden || !this.#seen()) return;
    if (this.#read >= this.#log.seq) return;
    this.#read = this.#log.seq;
    void post(this.#path, this.#data({ read: String(this.#read) }));
  }

  focus() {
    this.#field.focus();
  }

  /** @param {DeskLine[]} lines @param {boolean} open */
  #receive(lines, open) {
    const fresh = /** @type {DeskLine[]} */ (/** @type {unknown} */ (this.#log.add(/** @type {any} */ (lines))));
    this.#isOpen = open;
    this.#form.hidden = !open;
    need(this.#root, "[data-desk-closed]").hidden = open;
    const others = fresh.filter((each) => !each.mine);
    if (fresh.length || this.#first) this.#draw();
    // What was written before this page was opened is history, not news.
    if (!this.#first && others.length) {
      const last = others[others.length - 1];
      const many = interpolate(ngettext("%(count)s new message", "%(count)s new messages", others.length), { count: others.length });
      say(this.#live, others.length > 1 ? many : interpolate(gettext("%(name)s writes: %(words)s"), { name: last.author, words: last.body }));
    }
    this.#first = false;
    this.shown();
  }

  #submit() {
    const body = this.#field.value.trim();
    if (!body || !this.#isOpen) return;
    this.#field.value = "";
    this.#error("");
    this.#log.queue(body);
    this.#draw();
    this.#field.focus();
    void this.#sendPending();
  }

  /** One after the other: the order in which they were written is the order in which they are stored. */
  async #sendPending() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#retry);
    while (this.#log.pending.length) {
      const [first] = this.#log.pending;
      const { error, line } = /** @type {any} */ (await post(this.#path, this.#data(first)));
      if (error && LATER.test(error.code)) {
        this.#error(gettext("Not sent yet. We keep trying."));
        this.#retry = setTimeout(() => void this.#sendPending(), AGAIN);
        break;
      }
      this.#error(error ? error.message : "");
      if (error) {
        this.#log.refuse(first.client_id);
        if (!this.#field.value) this.#field.value = first.body;
      } else if (!this.#stored(line)) {
        this.#log.refuse(first.client_id);
      }
      this.#draw();
    }
    this.#sending = false;
  }

  /** What comes back may be further on than what is known here: then the lines between are asked for. @param {DeskLine} line */
  #stored(line) {
    if (line.seq > this.#log.seq + 1) {
      void this.look();
      return false;
    }
    this.#log.add(/** @type {any} */ ([line]));
    return true;
  }

  /** @param {Record<string, string>} fields */
  #data(fields) {
    const data = new FormData(this.#form);
    data.delete("body");
    data.delete("client_id");
    data.set("member", this.#member);
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    return data;
  }

  /** @param {string} words */
  #error(words) {
    const box = need(this.#root, "[data-desk-error]");
    box.hidden = !words;
    say(need(box, "p"), words);
  }

  #draw() {
    const held = /** @type {DeskLine[]} */ (/** @type {unknown} */ (this.#log.messages));
    const lines = held.map((line) => bubble(line.body, lineWords(line), line.mine));
    const pending = this.#log.pending.map(({ body }) => bubble(body, gettext("You, sending"), true, true));
    this.#list.replaceChildren(...lines, ...pending);
    need(this.#root, "[data-desk-empty]").hidden = lines.length + pending.length > 0;
    const box = this.#list.parentElement;
    if (box) box.scrollTop = box.scrollHeight;
  }
}

/** @param {DeskLine} line */
function lineWords({ mine, author, sent_at }) {
  const time = timeOfDay(sent_at);
  return mine ? interpolate(gettext("You, sent %(time)s"), { time }) : interpolate(gettext("%(name)s, %(time)s"), { name: author, time });
}

/** @param {string} body @param {string} note @param {boolean} mine @param {boolean} [sending] */
function bubble(body, note, mine, sending = false) {
  const line = make("small", {}, note);
  if (sending) line.prepend(icon("clock"), " ");
  return make("li", { class: `hc-desk-line${mine ? " hc-desk-mine" : ""}` }, make("p", {}, body), line);
}
