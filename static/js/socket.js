/** The visit socket: hello, pings both ways, jittered back-off, replay. It carries messages and knows no page and no media. */

/** @typedef {import("./types.js").ServerMessage} ServerMessage */
/** @typedef {"connecting"|"open"|"waiting"|"taken"|"refused"|"over"|"closed"} SocketState */

const PROTOCOL = 1;
const PING_EVERY = 10_000;
const SILENCE_LIMIT = 25_000;
const PROBE_LIMIT = 3_000;
const OPEN_LIMIT = 8_000;
/** Ways to end after which asking again by itself would be wrong; 4000 is an old page, to be loaded anew. */
const FINAL = new Map(
  /** @type {[number, SocketState][]} */ ([
    [4000, "refused"],
    [4001, "taken"],
    [4003, "refused"],
    [4004, "over"],
  ]),
);
const CLOSE_TOO_MUCH = 4008;

/**
 * Between 0.5 and 8 s, doubling, with jitter so that a restarted server is not met by all at once.
 * @param {number} attempt 0 for the first retry
 * @param {() => number} [random]
 * @returns {number} milliseconds
 */
export function backoffDelay(attempt, random = Math.random) {
  const ceiling = Math.min(8_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(500 + random() * (ceiling - 500));
}

/** @param {string} path ending in "/" */
export function socketAddress(path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${path}ws`;
}

export class VisitSocket {
  #address;
  #handlers;
  #Socket;
  /** @type {WebSocket|null} */
  #socket = null;
  #attempt = 0;
  #heardAt = 0;
  #triedAt = 0;
  #pings = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #patience;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #beat;
  /** @type {SocketState} */
  #state = "closed";

  /**
   * @param {string} address
   * @param {Object} handlers
   * @param {() => number} handlers.chatSeq highest chat number held without a gap
   * @param {() => void} handlers.onOpen the hello is on its way; more may be sent at once
   * @param {(message: ServerMessage) => void} handlers.onMessage
   * @param {(state: SocketState) => void} handlers.onState
   * @param {{tab?: string, Socket?: typeof WebSocket}} [options]
   */
  constructor(address, handlers, { tab = crypto.randomUUID(), Socket = WebSocket } = {}) {
    this.#address = address;
    this.#handlers = handlers;
    this.#Socket = Socket;
    // One id per page load: a copied tab must not pass for the first one.
    this.tab = tab;
  }

  get state() {
    return this.#state;
  }

  open() {
    if (this.#state === "connecting" || this.#state === "open") return;
    clearTimeout(this.#retry);
    this.#set("connecting");
    this.#triedAt = performance.now();
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#state === "connecting" && this.#again(), OPEN_LIMIT);
    const socket = new this.#Socket(this.#address);
    this.#socket = socket;
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => this.#heard(socket, event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  close() {
    this.#drop();
    this.#set("closed");
  }

  /**
   * @param {Record<string, unknown> & {type: string}} message
   * @returns {boolean} false when there is no open socket; the caller decides whether to keep it
   */
  send(message) {
    if (this.#state !== "open" || this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Asks at once whether the line still lives (the network changed, the page came back).
   * @param {number} [limit] how long the answer may take
   */
  probe(limit = PROBE_LIMIT) {
    if (this.#state === "waiting") {
      this.#attempt = 0;
      this.open();
      return;
    }
    // A handshake that went into a network that is gone would wait for its time-out.
    if (this.#state === "connecting" && performance.now() - this.#triedAt > limit) this.#reopen();
    if (this.#state !== "open") return;
    const socket = this.#socket;
    const asked = performance.now();
    this.#ping();
    setTimeout(() => {
      if (socket !== this.#socket || this.#heardAt >= asked) return;
      // Silence on a line that was asked is a dead line, not a busy server: no need to wait.
      this.#reopen();
    }, limit);
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#heardAt = performance.now();
    this.#set("open");
    this.send({ type: "hello", protocol: PROTOCOL, tab: this.tab, chat_seq: this.#handlers.chatSeq() });
    this.#handlers.onOpen();
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#tick(), PING_EVERY);
  }

  #tick() {
    if (performance.now() - this.#heardAt > SILENCE_LIMIT) this.#again();
    else this.#ping();
  }

  #ping() {
    this.#pings += 1;
    this.send({ type: "ping", n: this.#pings });
  }

  /** @param {WebSocket} socket @param {unknown} data */
  #heard(socket, data) {
    if (socket !== this.#socket || typeof data !== "string") return;
    this.#heardAt = performance.now();
    /** @type {ServerMessage} */
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message.type === "welcome") this.#attempt = 0;
    if (message.type === "ping") this.send({ type: "pong", n: message.n });
    else if (message.type === "seat-taken") this.#final("taken");
    else this.#handlers.onMessage(message);
  }

  /** @param {WebSocket} socket @param {number} code */
  #lost(socket, code) {
    if (socket !== this.#socket) return;
    const final = FINAL.get(code);
    if (final) this.#final(final);
    else this.#again(code === CLOSE_TOO_MUCH ? 8_000 : 0);
  }

  #reopen() {
    this.#drop();
    this.#set("waiting");
    this.open();
  }

  #again(least = 0) {
    this.#drop();
    const delay = least + backoffDelay(this.#attempt);
    this.#attempt += 1;
    this.#set("waiting");
    this.#retry = setTimeout(() => this.open(), delay);
  }

  /** @param {SocketState} state */
  #final(state) {
    this.#drop();
    this.#set(state);
  }

  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {SocketState} state */
  #set(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#handlers.onState(state);
  }
}
