/** The socket of a live staff page: its one kind of message, pings both ways, jittered back-off. It knows no page. */

import { backoffDelay, socketAddress } from "./socket.js";

const PING_EVERY = 10_000;
const SILENCE_LIMIT = 25_000;
/** Asking again by itself would be wrong: not yours any more. An old page (4000) needs a reload. */
const FINAL = new Set([4000, 4003]);

/**
 * @template M
 */
export class LiveSocket {
  #path;
  #type;
  #handlers;
  /** @type {WebSocket|null} */
  #socket = null;
  #attempt = 0;
  #heardAt = 0;
  #pings = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #retry;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #beat;

  /**
   * @param {string} path of the page, ending in "/"
   * @param {string} type of the messages that are handed on
   * @param {{onMessage: (message: M) => void, onState: (state: "open"|"lost"|"out") => void}} handlers
   */
  constructor(path, type, handlers) {
    this.#path = path;
    this.#type = type;
    this.#handlers = handlers;
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  open() {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    const socket = new WebSocket(socketAddress(this.#path));
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => this.#heard(event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  close() {
    clearTimeout(this.#retry);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #opened() {
    this.#heardAt = performance.now();
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#tick(), PING_EVERY);
  }

  /** @param {string} text */
  #heard(text) {
    this.#heardAt = performance.now();
    const message = JSON.parse(text);
    if (message.type === "ping") this.#send({ type: "pong", n: message.n });
    if (message.type !== this.#type) return;
    this.#attempt = 0;
    this.#handlers.onState("open");
    this.#handlers.onMessage(message);
  }

  #tick() {
    if (performance.now() - this.#heardAt > SILENCE_LIMIT) this.#socket?.close();
    else this.#send({ type: "ping", n: ++this.#pings });
  }

  /** @param {Record<string, unknown>} message */
  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** @param {WebSocket} socket @param {number} code */
  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearInterval(this.#beat);
    if (FINAL.has(code)) {
      this.#handlers.onState("out");
      return;
    }
    this.#handlers.onState("lost");
    this.#retry = setTimeout(() => this.open(), backoffDelay(this.#attempt++));
  }

  /** The network or the page came back: no reason to wait out the pause. */
  #hurry() {
    if (this.#socket || !this.#attempt) return;
    this.#attempt = 0;
    this.open();
  }
}
