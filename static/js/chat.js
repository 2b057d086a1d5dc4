/** The visit's chat: a log by number that knows its holes and what is not yet stored, and the panel that shows it. */

import { icon, make, need, say } from "./dom.js";
import { timeOfDay } from "./clock.js";
import { gettext, interpolate, ngettext } from "./words.js";

/** @typedef {import("./types.js").ChatMessage} ChatMessage */
/** @typedef {{client_id: string, body: string}} Pending */

export class ChatLog {
  /** @type {Map<number, ChatMessage>} */
  #bySeq = new Map();
  /** @type {Map<string, Pending>} */
  #pending = new Map();
  /** Highest number with none missing below it. */
  seq = 0;

  /**
   * @param {ChatMessage[]} messages
   * @returns {ChatMessage[]} those not seen before, in order
   */
  add(messages) {
    const fresh = messages.filter((message) => !this.#bySeq.has(message.seq)).sort((a, b) => a.seq - b.seq);
    for (const message of fresh) {
      this.#bySeq.set(message.seq, message);
      this.#pending.delete(message.client_id);
    }
    while (this.#bySeq.has(this.seq + 1)) this.seq += 1;
    return fresh;
  }

  /** A number above the unbroken run is held: something between is missing. */
  get hasHole() {
    return this.#bySeq.size > this.seq;
  }

  /** @param {string} body @param {string} [id] @returns {Pending} */
  queue(body, id = crypto.randomUUID()) {
    const pending = { client_id: id, body };
    this.#pending.set(id, pending);
    return pending;
  }

  /** @param {string} id */
  refuse(id) {
    this.#pending.delete(id);
  }

  get pending() {
    return [...this.#pending.values()];
  }

  get messages() {
    return [...this.#bySeq.values()].sort((a, b) => a.seq - b.seq);
  }
}

export class ChatPanel {
  #root;
  #send;
  #onUnread;
  #log = new ChatLog();
  #list;
  #field;
  #live;
  #seat = "";
  #unread = 0;
  #open = false;
  #first = true;

  /**
   * @param {HTMLElement} root
   * @param {Object} handlers
   * @param {(message: Record<string, unknown> & {type: string}) => boolean} handlers.send
   * @param {(unread: number) => void} handlers.onUnread
   * @param {() => void} handlers.onClose
   */
  constructor(root, { send, onUnread, onClose }) {
    this.#root = root;
    this.#send = send;
    this.#onUnread = onUnread;
    this.#list = need(root, "[data-chat-list]");
    this.#live = need(root, "[data-chat-live]");
    this.#field = /** @type {HTMLTextAreaElement} */ (need(root, "[data-chat-field]"));
    need(root, "[data-chat-close]").addEventListener("click", onClose);
    need(root, "[data-chat-form]").addEventListener("submit", (event) => this.#submit(event));
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
      if (event.key === "Escape") onClose();
    });
  }

  get seq() {
    return this.#log.seq;
  }

  get isOpen() {
    return this.#open;
  }

  /** @param {boolean} open @param {boolean} [focus] */
  toggle(open, focus = true) {
    this.#open = open;
    this.#root.hidden = !open;
    if (!open) return;
    this.#count(0);
    this.#scroll();
    if (focus) this.#field.focus();
  }

  /** @param {string|null} seat whose messages are "You" */
  setSeat(seat) {
    if (!seat || seat === this.#seat) return;
    this.#seat = seat;
    this.#render();
  }

  /** @param {ChatMessage[]} messages */
  receive(messages) {
    const fresh = this.#log.add(messages);
    if (this.#log.hasHole) this.#send({ type: "chat-since", seq: this.#log.seq });
    if (!fresh.length) return;
    this.#render();
    const others = fresh.filter((each) => each.seat !== this.#seat);
    // What was written before this page was opened is history, not news.
    if (!this.#first && others.length) {
      const last = others[others.length - 1];
      const many = interpolate(ngettext("%(count)s new message", "%(count)s new messages", others.length), { count: others.length });
      say(this.#live, others.length > 1 ? many : interpolate(gettext("%(name)s writes: %(words)s"), { name: last.author, words: last.body }));
      if (!this.#open) this.#count(this.#unread + others.length);
    }
  }

  /** After a reconnect: what did not come back is sent again; the server stores each once. */
  replay() {
    this.#first = false;
    for (const pending of this.#log.pending) this.#post(pending);
    this.#render();
  }

  /** @param {string} id @param {string} why */
  refused(id, why) {
    const lost = this.#log.pending.find((each) => each.client_id === id);
    this.#log.refuse(id);
    if (lost && !this.#field.value) this.#field.value = lost.body;
    say(this.#live, why);
    this.#render();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const body = this.#field.value.trim();
    if (!body) return;
    this.#field.value = "";
    this.#post(this.#log.queue(body));
    this.#render();
    this.#field.focus();
  }

  /** @param {import("./chat.js").Pending} pending */
  #post({ client_id, body }) {
    this.#send({ type: "chat", client_id, body });
  }

  /** @param {number} unread */
  #count(unread) {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#onUnread(unread);
  }

  #render() {
    const held = this.#log.messages.map((message) => {
      const mine = message.seat === this.#seat;
      const time = timeOfDay(message.sent_at);
      const note = mine ? interpolate(gettext("You, sent %(time)s"), { time }) : interpolate(gettext("%(name)s, %(time)s"), { name: message.author, time });
      return bubble(message.body, note, mine, message.seq);
    });
    const pending = this.#log.pending.map(({ body }) => bubble(body, gettext("You, sending"), true));
    this.#list.replaceChildren(...held, ...pending);
    need(this.#root, "[data-chat-empty]").hidden = held.length + pending.length > 0;
    this.#scroll();
  }

  #scroll() {
    const box = this.#list.parentElement;
    if (box) box.scrollTop = box.scrollHeight;
  }
}

/** @param {string} body @param {string} note @param {boolean} mine @param {number} [seq] */
function bubble(body, note, mine, seq) {
  const classes = `hc-bubble${mine ? " hc-bubble-mine" : ""}${seq ? "" : " hc-bubble-sending"}`;
  const line = make("small", {}, note);
  if (!seq) line.prepend(icon("clock"), " ");
  return make("li", { class: classes, "data-seq": seq ? String(seq) : "" }, make("p", {}, body), line);
}
