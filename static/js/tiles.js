/** The pictures of the call: one tile per other seat, a shared screen, and who stands where. Where that is, is arrange.js. */

import { arrange } from "./arrange.js";
import { need } from "./dom.js";
import { RemoteTile } from "./remote-tile.js";
import { ScreenTile } from "./screen-tile.js";
import { ActiveSpeaker, swapped } from "./speaker.js";
import { readStill } from "./stills.js";

/** @typedef {import("./types.js").SeatView} SeatView */
/** @typedef {import("./types.js").RemoteSeat} RemoteSeat */
/** @typedef {import("./remote-tile.js").Around} Around */

const LISTEN_EVERY = 250;

export class Tiles {
  #root;
  #own;
  #alone;
  #handlers;
  /** @type {Map<string, RemoteTile>} */
  #tiles = new Map();
  /** @type {ScreenTile|null} */
  #screen = null;
  /** @type {Map<string, RemoteSeat>} */
  #remote = new Map();
  /** @type {SeatView[]} */
  #seats = [];
  #speaker = "";
  #active = new ActiveSpeaker();
  /** @type {string[]} who is here, the large one first */
  #order = [];
  #pinned = "";

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} own one's own tile
   * @param {Object} handlers
   * @param {() => void} handlers.onBlocked the browser keeps the sound off
   * @param {(seat: SeatView) => Around} handlers.around
   * @param {(seat: SeatView, tile: RemoteTile) => void} handlers.onOpen a name was pressed
   */
  constructor(root, own, handlers) {
    this.#root = root;
    this.#own = own;
    this.#alone = need(root, "[data-alone]");
    this.#handlers = handlers;
    new ResizeObserver(() => this.#place()).observe(root);
    setInterval(() => this.#tick(), LISTEN_EVERY);
  }

  get pinned() {
    return this.#pinned;
  }

  /** Whether somebody stands small beside somebody large. */
  get several() {
    return this.#order.length > 1 || this.#screen !== null;
  }

  /** @param {string} seat whose picture is always large; "" for whoever speaks */
  pin(seat) {
    this.#pinned = seat;
    this.#show();
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
    if (!here.has(this.#pinned)) this.#pinned = "";
    for (const seat of seats) this.#tile(seat.id);
    this.#show();
  }

  /** @param {Map<string, RemoteSeat>} remote */
  attach(remote) {
    this.#remote = remote;
    for (const [id, receivers] of remote) this.#tile(id).attach(receivers);
    for (const [id, tile] of this.#tiles) if (!remote.has(id)) tile.attach({});
    this.#show();
  }

  /** @param {string} seat @param {string} jpeg */
  still(seat, jpeg) {
    const bytes = readStill(jpeg);
    if (bytes) this.#tiles.get(seat)?.still(bytes);
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
    this.#remote = new Map();
    this.#seats = [];
    this.#show();
  }

  /** @param {string} id */
  #tile(id) {
    const held = this.#tiles.get(id);
    if (held) return held;
    const open = () => {
      const seat = this.#seats.find((each) => each.id === id);
      if (seat) this.#handlers.onOpen(seat, tile);
    };
    const tile = new RemoteTile(id, { onBlocked: this.#handlers.onBlocked, onOpen: open });
    this.#tiles.set(id, tile);
    // Read and reached by Tab before one's own picture, as it is seen.
    this.#root.insertBefore(tile.root, this.#own);
    tile.root.addEventListener("keydown", (event) => {
      if (event.key === "p" && !event.ctrlKey && !event.metaKey && !event.altKey) this.pin(this.#pinned === id ? "" : id);
    });
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
    for (const seat of this.#seats) this.#tiles.get(seat.id)?.show(seat, now, this.#handlers.around(seat));
    this.#showScreen();
    this.#settle(now);
    this.#alone.hidden = this.#order.length > 0;
    this.#root.dataset.count = String(this.#order.length);
    this.#place();
  }

  #showScreen() {
    const sharer = this.#seats.find((seat) => seat.screen);
    if (this.#screen && this.#screen.seat !== sharer?.id) {
      this.#screen.remove();
      this.#screen = null;
    }
    if (!sharer) return;
    const { short: name, mine } = this.#handlers.around(sharer);
    if (!this.#screen) {
      this.#screen = new ScreenTile(sharer.id, name);
      this.#root.prepend(this.#screen.root);
    }
    this.#screen.attach(this.#remote.get(sharer.id)?.screen);
    this.#screen.show(name, mine);
  }

  /** Who is here and who is large: newcomers come last, and only two change places. @param {number} now */
  #settle(now) {
    const here = this.#seats.filter((seat) => this.#tiles.get(seat.id)?.away === false);
    const ids = here.map((seat) => seat.id);
    const people = here.map((seat) => ({ id: seat.id, speaking: seat.mic && this.#tiles.get(seat.id)?.root.dataset.speaking === "yes" }));
    const kept = this.#order.filter((id) => ids.includes(id));
    const speaks = this.#active.push(people, now);
    const large = ids.includes(this.#pinned) ? this.#pinned : speaks;
    this.#order = swapped([...kept, ...ids.filter((id) => !kept.includes(id))], large);
  }

  #place() {
    const { several } = this;
    const size = { width: this.#root.clientWidth, height: this.#root.clientHeight };
    const kept = this.#seats.filter((seat) => seat.role === "interpreter").map((seat) => seat.id);
    const roots = keptFirst(this.#order, kept).map((id) => /** @type {RemoteTile} */ (this.#tiles.get(id)).root);
    for (const [id, tile] of this.#tiles) tile.root.toggleAttribute("data-kept", kept.includes(id));
    for (const [id, tile] of this.#tiles) tile.root.classList.toggle("hc-tile-pinned", several && id === this.#pinned);
    this.#root.dataset.layout = several ? "several" : "solo";
    const stand = this.#screen ? [this.#screen.root, ...roots] : roots;
    if (!several || !size.width || !size.height) {
      for (const each of [...stand, this.#own]) put(each, null);
      return;
    }
    const boxes = arrange(size, stand.length, this.#screen !== null, kept.length > 0);
    [...stand, this.#own].forEach((each, index) => put(each, index ? boxes.others[index - 1] : boxes.large));
  }
}

/** Who is large stays first, then come the interpreters: who needs them finds them in one place. @param {string[]} order @param {string[]} kept */
export function keptFirst([large, ...small], kept) {
  const first = small.filter((id) => kept.includes(id));
  return large === undefined ? [] : [large, ...first, ...small.filter((id) => !kept.includes(id))];
}

/** Writes only what changed: this runs four times a second. @param {HTMLElement} element @param {import("./arrange.js").Box|null} box null: as the sheet says */
function put(element, box) {
  const wanted = box ? [box.x, box.y, box.width, box.height].join() : "";
  if ((element.dataset.box ?? "") === wanted) return;
  element.dataset.box = wanted;
  const at = (/** @type {number|undefined} */ value) => (value === undefined ? "" : `${value}px`);
  Object.assign(element.style, { left: at(box?.x), top: at(box?.y), width: at(box?.width), height: at(box?.height) });
}
