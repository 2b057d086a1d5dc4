/** The pictures of the call: one tile per other seat, and where each stands. */

import { need } from "./dom.js";
import { RemoteTile } from "./remote-tile.js";

/** @typedef {import("./types.js").SeatView} SeatView */
/** @typedef {import("./types.js").RemoteSeat} RemoteSeat */

const LISTEN_EVERY = 250;

export class Tiles {
  #root;
  #alone;
  #onBlocked;
  #names;
  /** @type {Map<string, RemoteTile>} */
  #tiles = new Map();
  /** @type {SeatView[]} */
  #seats = [];
  #speaker = "";

  /**
   * @param {HTMLElement} root
   * @param {Object} options
   * @param {() => void} options.onBlocked the browser keeps the sound off
   * @param {(seat: SeatView) => string} options.name
   */
  constructor(root, { onBlocked, name }) {
    this.#root = root;
    this.#alone = need(root, "[data-alone]");
    this.#onBlocked = onBlocked;
    this.#names = name;
    setInterval(() => this.#tick(), LISTEN_EVERY);
  }

  /** @param {SeatView[]} seats everybody but oneself */
  setSeats(seats) {
    this.#seats = seats;
    const here = new Set(seats.map((seat) => seat.id));
    for (const [id, tile] of this.#tiles) {
      if (here.has(id)) continue;
      tile.remove();
      this.#tiles.delete(id);
    }
    for (const seat of seats) this.#tile(seat.id);
    this.#show();
  }

  /** @param {Map<string, RemoteSeat>} remote */
  attach(remote) {
    for (const [id, receivers] of remote) this.#tile(id).attach(receivers);
    for (const [id, tile] of this.#tiles) if (!remote.has(id)) tile.attach({});
    this.#show();
  }

  /** A press on the page: all sound may now be heard. */
  async unblock() {
    const heard = await Promise.all([...this.#tiles.values()].map((tile) => tile.play()));
    return heard.every(Boolean);
  }

  /** @param {string} id */
  setSpeaker(id) {
    this.#speaker = id;
    for (const tile of this.#tiles.values()) tile.speaker(id);
  }

  clear() {
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
    this.#seats = [];
  }

  /** @param {string} id */
  #tile(id) {
    const held = this.#tiles.get(id);
    if (held) return held;
    const tile = new RemoteTile(id, this.#onBlocked);
    this.#tiles.set(id, tile);
    this.#root.append(tile.root);
    if (this.#speaker) tile.speaker(this.#speaker);
    return tile;
  }

  #tick() {
    const now = performance.now();
    for (const tile of this.#tiles.values()) tile.listen(now);
    this.#show();
  }

  #show() {
    const now = performance.now();
    for (const seat of this.#seats) this.#tiles.get(seat.id)?.show(seat, now, this.#names(seat));
    const here = [...this.#tiles.values()].filter((tile) => !tile.away).length;
    this.#root.dataset.count = String(here);
    this.#alone.hidden = here > 0;
  }
}
